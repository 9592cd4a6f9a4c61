import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  type MessageShape,
} from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import type { Call } from "../../src/interceptors/call.ts";

type AnyMessage = MessageShape<DescMessage>;

/** What stands in for the implementations of a service, by the RPC's local name. */
export type StandIns = Readonly<Record<string, StandIn>>;

export type StandIn = (
  // biome-ignore lint/suspicious/noExplicitAny: stand-ins take the requests of every RPC.
  request: any,
  context: HandlerContext,
) => object | Promise<object> | AsyncIterable<object>;

/** Calls of a service without interceptors. An RPC that nothing stands in for is unimplemented. */
export function standInCalls(service: DescService, standIns: StandIns = {}): readonly Call[] {
  return service.methods.map((method) => standInCall(method, standIns[method.localName] ?? unimplemented));
}

function standInCall(method: DescMethod, standIn: StandIn): Call {
  if (method.methodKind === "unary") {
    const invoke = async (request: AnyMessage, context: HandlerContext) =>
      create(method.output, (await standIn(request, context)) as AnyMessage);
    return { method: method as DescMethodUnary, invoke };
  }
  async function* invoke(request: AnyMessage, context: HandlerContext) {
    for await (const reply of standIn(request, context) as AsyncIterable<object>) {
      yield create(method.output, reply as AnyMessage);
    }
  }
  return { method: method as DescMethodServerStreaming, invoke };
}

function unimplemented(_: unknown, { method }: HandlerContext): never {
  throw new ConnectError(`${method.name} is not implemented.`, Code.Unimplemented);
}
