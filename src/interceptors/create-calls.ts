import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodBiDiStreaming,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type MessageShape,
} from "@bufbuild/protobuf";
import type {
  HandlerContext,
  Interceptor,
  StreamRequest,
  StreamResponse,
  UnaryRequest,
  UnaryResponse,
} from "@connectrpc/connect";
import { createAsyncIterable } from "@connectrpc/connect/protocol";
import type { BidiStreamCall, Call, ServedService, ServerStreamCall, UnaryCall } from "./call.ts";

type AnyMessage = MessageShape<DescMessage>;
type AnyFn = ReturnType<Interceptor>;

/**
 * The calls of a service, each with the whole list of interceptors around the implementation, composed once.
 *
 * @param interceptors The outermost first.
 * @throws Error for a client-streaming RPC, of which this API has none.
 */
export function createCalls(
  { service, implementation }: ServedService,
  interceptors: readonly Interceptor[],
): readonly Call[] {
  return service.methods.map((method) => createCall(method, implementation[method.localName], interceptors));
}

/** The kind of a method tells its descriptor's type, which the descriptor itself does not narrow to. */
function createCall(
  method: DescMethod,
  // biome-ignore lint/suspicious/noExplicitAny: serve() has checked the implementation against the method.
  implement: any,
  interceptors: readonly Interceptor[],
): Call {
  switch (method.methodKind) {
    case "unary": {
      const unary = method as DescMethodUnary;
      return { method: unary, invoke: composeUnary(unary, implement, interceptors) };
    }
    case "server_streaming": {
      const stream = method as DescMethodServerStreaming;
      return { method: stream, invoke: composeServerStream(stream, implement, interceptors) };
    }
    case "bidi_streaming": {
      const stream = method as DescMethodBiDiStreaming;
      return { method: stream, invoke: composeStream(stream, implement, interceptors) };
    }
    default:
      throw new Error(`${method.parent.typeName}/${method.name} is client-streaming, which is not served`);
  }
}

function composeUnary(
  method: UnaryCall["method"],
  implement: (request: AnyMessage, context: HandlerContext) => unknown,
  interceptors: readonly Interceptor[],
): UnaryCall["invoke"] {
  const innermost: AnyFn = async (request) => {
    const { context, message } = request as UnaryRequest & WithContext;
    const reply = await implement(message, intercepted(context, request));
    return { stream: false, method, message: normalize(method.output, reply), ...responseHeads(method, context) };
  };
  const next = applyInterceptors(innermost, interceptors);
  return async (message, context) => {
    const request: UnaryRequest & WithContext = { stream: false, method, message, context, ...requestHead(context) };
    const response = (await next(request)) as UnaryResponse;
    return response.message;
  };
}

function composeServerStream(
  method: ServerStreamCall["method"],
  implement: (request: AnyMessage, context: HandlerContext) => AsyncIterable<unknown>,
  interceptors: readonly Interceptor[],
): ServerStreamCall["invoke"] {
  async function* implementOverStream(requests: AsyncIterable<AnyMessage>, context: HandlerContext) {
    for await (const request of requests) {
      yield* implement(request, context);
    }
  }
  const invoke = composeStream(method, implementOverStream, interceptors);
  return (message, context) => invoke(createAsyncIterable([message]), context);
}

function composeStream(
  method: DescMethodServerStreaming | DescMethodBiDiStreaming,
  implement: (requests: AsyncIterable<AnyMessage>, context: HandlerContext) => AsyncIterable<unknown>,
  interceptors: readonly Interceptor[],
): BidiStreamCall["invoke"] {
  const innermost: AnyFn = async (request) => {
    const { context, message } = request as StreamRequest & WithContext;
    const replies = implement(message, intercepted(context, request));
    return { stream: true, method, message: normalizeAll(method.output, replies), ...responseHeads(method, context) };
  };
  const next = applyInterceptors(innermost, interceptors);
  return async function* (message, context) {
    const request: StreamRequest & WithContext = { stream: true, method, message, context, ...requestHead(context) };
    const response = (await next(request)) as StreamResponse;
    yield* response.message;
  };
}

/** The context travels with the request, so that one composed function serves every call. */
interface WithContext {
  readonly context: HandlerContext;
}

function applyInterceptors(innermost: AnyFn, interceptors: readonly Interceptor[]): AnyFn {
  return interceptors.reduceRight((next, interceptor) => interceptor(next), innermost);
}

function requestHead(context: HandlerContext) {
  return {
    service: context.service,
    requestMethod: context.requestMethod,
    url: context.url,
    signal: context.signal,
    header: context.requestHeader,
    contextValues: context.values,
  };
}

function responseHeads(method: DescMethod, context: HandlerContext) {
  return { service: method.parent, header: context.responseHeader, trailer: context.responseTrailer };
}

/** The context with what interceptors may have replaced in the request. */
function intercepted(context: HandlerContext, request: UnaryRequest | StreamRequest): HandlerContext {
  if (request.signal === context.signal && request.contextValues === context.values) {
    return context;
  }
  return { ...context, signal: request.signal, values: request.contextValues };
}

function normalize(desc: DescMessage, reply: unknown): AnyMessage {
  return create(desc, reply as AnyMessage);
}

async function* normalizeAll(desc: DescMessage, replies: AsyncIterable<unknown>): AsyncIterable<AnyMessage> {
  for await (const reply of replies) {
    yield normalize(desc, reply);
  }
}
