import { create, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type MethodImplSpec } from "@connectrpc/connect";
import { GatewayError } from "../domain/errors.ts";
import type { Call } from "../interceptors/call.ts";
import { undecodable } from "../interceptors/undecodable.ts";

type AnyMessage = MessageShape<DescMessage>;
type Requests = AsyncIterable<AnyMessage>;

/**
 * A call as connect-es serves it where requests are enveloped: gRPC, gRPC-Web and Connect streams.
 *
 * Every kind of RPC is registered as a stream, which is spelled the same in these protocols, for then it is the call
 * that reads its request and learns why one did not decode; connect-es would answer `internal` without asking.
 */
export function envelopedSpec(call: Call): MethodImplSpec {
  return { kind: "bidi_streaming", method: call.method, impl: implementationOf(call) } as unknown as MethodImplSpec;
}

function implementationOf(call: Call): (requests: Requests, context: HandlerContext) => AsyncIterable<AnyMessage> {
  switch (call.method.methodKind) {
    case "unary": {
      const { method, invoke } = call as Extract<Call, { method: { methodKind: "unary" } }>;
      return async function* (requests, context) {
        yield await invoke(await readRequest(method.input, requests, context), context);
      };
    }
    case "server_streaming": {
      const { method, invoke } = call as Extract<Call, { method: { methodKind: "server_streaming" } }>;
      return async function* (requests, context) {
        yield* invoke(await readRequest(method.input, requests, context), context);
      };
    }
    default:
      return (call as Extract<Call, { method: { methodKind: "bidi_streaming" } }>).invoke;
  }
}

/** The one request of a call, or an empty message and the reason in the context where it does not decode. */
async function readRequest(input: DescMessage, requests: Requests, context: HandlerContext): Promise<AnyMessage> {
  try {
    return await readSingle(requests);
  } catch (error) {
    context.values.set(undecodable, undecodableReason(input, error));
    return create(input);
  }
}

/** @throws ConnectError unimplemented for none or several, which is what gRPC asks for. */
async function readSingle(requests: Requests): Promise<AnyMessage> {
  let single: AnyMessage | undefined;
  for await (const request of requests) {
    if (single !== undefined) {
      throw new ConnectError("More than one request message was sent.", Code.Unimplemented);
    }
    single = request;
  }
  if (single === undefined) {
    throw new ConnectError("No request message was sent.", Code.Unimplemented);
  }
  return single;
}

/**
 * Why a request does not decode, for the caller. connect-es calls it an internal error, where it is the caller's; and its
 * text quotes the request, which may hold a session token, so neither the text nor the error goes on.
 */
export function undecodableReason(input: DescMessage, error: unknown): Error {
  const failure = ConnectError.from(error);
  if (failure.code === Code.Internal || failure.code === Code.InvalidArgument) {
    return new GatewayError("malformed", `The request does not decode as ${input.typeName}.`);
  }
  return failure;
}
