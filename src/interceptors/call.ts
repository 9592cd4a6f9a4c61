import type {
  DescMessage,
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageShape,
} from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";

type AnyMessage = MessageShape<DescMessage>;

/** A unary RPC with its interceptors: what every protocol calls. Rejects with a ConnectError and nothing else. */
export interface UnaryCall {
  readonly method: DescMethodUnary;
  readonly invoke: (request: AnyMessage, context: HandlerContext) => Promise<AnyMessage>;
}

/** A server-streaming RPC with its interceptors. Throws ConnectErrors and nothing else. */
export interface ServerStreamCall {
  readonly method: DescMethodServerStreaming;
  readonly invoke: (request: AnyMessage, context: HandlerContext) => AsyncIterable<AnyMessage>;
}

/** A bidirectional RPC with its interceptors. Throws ConnectErrors and nothing else. */
export interface BidiStreamCall {
  readonly method: DescMethodBiDiStreaming;
  readonly invoke: (requests: AsyncIterable<AnyMessage>, context: HandlerContext) => AsyncIterable<AnyMessage>;
}

export type Call = UnaryCall | ServerStreamCall | BidiStreamCall;

/** A service with the implementation that serves it. Made by serve(). */
export interface ServedService {
  readonly service: DescService;
  // biome-ignore lint/suspicious/noExplicitAny: services of every type are handled together.
  readonly implementation: Readonly<Record<string, any>>;
}

/** Ties a service to its implementation, so that the types of the two are checked against each other. */
export function serve<Desc extends DescService>(service: Desc, implementation: ServiceImpl<Desc>): ServedService {
  return { service, implementation };
}
