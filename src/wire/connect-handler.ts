import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { ConnectError, createContextValues } from "@connectrpc/connect";
import {
  createUniversalMethodHandler,
  type ProtocolHandlerFactory,
  type UniversalHandler,
  type UniversalHandlerOptions,
  type UniversalServerRequest,
} from "@connectrpc/connect/protocol";
import { createHandlerFactory as connectProtocol } from "@connectrpc/connect/protocol-connect";
import { createHandlerFactory as grpcProtocol } from "@connectrpc/connect/protocol-grpc";
import { createHandlerFactory as grpcWebProtocol } from "@connectrpc/connect/protocol-grpc-web";
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { Call, UnaryCall } from "../interceptors/call.ts";
import type { Logger } from "../observability/log.ts";
import { collectBody } from "./collect-body.ts";
import { envelopedSpec } from "./connect-call.ts";
import { reportUndecodable, unarySpec } from "./connect-unary.ts";
import { wholeEnvelopes } from "./whole-envelopes.ts";

export type NodeRequest = IncomingMessage | Http2ServerRequest;
export type NodeResponse = ServerResponse | Http2ServerResponse;
/** Answers a request, and throws nothing. */
export type NodeHandler = (request: NodeRequest, response: NodeResponse) => void;

/** The longest deadline that a timer of Node can hold, in milliseconds; one beyond it would fire at once. */
const maxTimeoutMs = 2 ** 31 - 1;

interface ConnectHandlerOptions {
  readonly calls: readonly Call[];
  /** A longer message is refused as resource_exhausted. */
  readonly maxMessageBytes: number;
  /** Aborted when the gateway shuts down, which ends streams. Unary calls finish. */
  readonly shutdownSignal: AbortSignal;
  readonly log: Logger;
  /** Answers what is no path of an RPC. */
  readonly fallback: NodeHandler;
}

/** Serves calls over gRPC, gRPC-Web and Connect, by connect-es, and leaves every other path to the fallback. */
export function createConnectHandler(options: ConnectHandlerOptions): NodeHandler {
  const { calls, maxMessageBytes, shutdownSignal, log, fallback } = options;
  const universalOptions: Partial<UniversalHandlerOptions> = {
    acceptCompression: [compressionGzip, compressionBrotli],
    readMaxBytes: maxMessageBytes,
    maxTimeoutMs,
  };
  const optionsFor = ({ method }: Call) =>
    method.methodKind === "unary" ? universalOptions : { ...universalOptions, shutdownSignal };
  const handlers = new Map(
    calls.map((call) => createHandler(call, optionsFor(call))).map((handler) => [handler.requestPath, handler]),
  );
  return (request, response) => {
    const handler = handlers.get(pathOf(request.url ?? ""));
    if (handler === undefined) {
      fallback(request, response);
      return;
    }
    answer(handler, request, response, maxMessageBytes).catch((error: unknown) => {
      // The caller went away in the middle of its answer, or the answer could not be written.
      log.debug({ err: error, rpc: handler.requestPath }, "answer not delivered");
      response.destroy();
    });
  };
}

function createHandler(call: Call, options: Partial<UniversalHandlerOptions>): UniversalHandler {
  const factories = [grpcProtocol(options), grpcWebProtocol(options), connectFactory(call, options)];
  return createUniversalMethodHandler(envelopedSpec(call), factories);
}

/** The Connect protocol spells unary calls in a way of their own, without envelopes. */
function connectFactory(call: Call, options: Partial<UniversalHandlerOptions>): ProtocolHandlerFactory {
  const factory = connectProtocol(options);
  if (call.method.methodKind !== "unary") {
    return factory;
  }
  const handler = factory(unarySpec(call as UnaryCall));
  const reporting = Object.assign(reportUndecodable(call.method.input, handler), handler) as UniversalHandler;
  return Object.assign(() => reporting, { protocolName: factory.protocolName });
}

async function answer(
  handler: UniversalHandler,
  request: NodeRequest,
  response: NodeResponse,
  maxMessageBytes: number,
) {
  const universalRequest = toUniversalRequest(request, response);
  if (universalRequest === undefined) {
    response.statusCode = 400;
    response.end();
    return;
  }
  const { body } = universalRequest;
  const collected = isStreamOfRequests(handler)
    ? wholeEnvelopes(body, maxMessageBytes)
    : collectBody(body, maxMessageBytes, () => request.aborted);
  const universalResponse = await handler({ ...universalRequest, body: collected });
  // The promise does not settle on success, so a failure is all that can be waited for.
  await universalResponseToNodeResponse(universalResponse, response);
}

function isStreamOfRequests({ method }: UniversalHandler): boolean {
  return method.methodKind === "bidi_streaming" || method.methodKind === "client_streaming";
}

/** undefined for a request without an authority, or with a target that is no URL. */
function toUniversalRequest(request: NodeRequest, response: NodeResponse) {
  try {
    const converted = universalRequestFromNodeRequest(request, response, undefined, createContextValues());
    return converted as UniversalServerRequest & { body: AsyncIterable<Uint8Array> };
  } catch (error) {
    if (error instanceof ConnectError || error instanceof TypeError) {
      return undefined;
    }
    throw error;
  }
}

function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query === -1 ? target : target.slice(0, query);
}
