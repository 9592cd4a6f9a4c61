import type { DescMessage, DescMethod, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type ContextValues, createContextValues } from "@connectrpc/connect";
import { ErrorDialect } from "../gen/sessiongateway/rest/v1/rest_pb.ts";
import type { ServerStreamCall, UnaryCall } from "../interceptors/call.ts";
import { type CollectedBody, collectBody } from "./collect-body.ts";
import { connectErrorToRest, type RestError, restError } from "./errors.ts";
import { isJson, negotiate } from "./media-type.ts";
import { asServerResponse, isGone, type NodeRequest, type NodeResponse } from "./node-http.ts";
import { responseHeaders, sendError, sendErrorUnread, sendReply } from "./respond.ts";
import { callEnded, callerGone, createRestContext, type RestContext } from "./rest-context.ts";
import type { RestRoute } from "./rest-route.ts";
import type { RouteMatch } from "./router.ts";
import { sendStream } from "./send-stream.ts";
import { streamFormats } from "./stream-format.ts";
import { type DecodeContextKeys, messageToCall } from "./undecoded.ts";

type AnyMessage = MessageShape<DescMessage>;

/** What exchanges have in common. */
export interface ExchangeOptions {
  /** A longer body is refused as soon as that is known. */
  readonly maxBodyBytes: number;
  /** Where interceptors learn what is wrong with a request. Without a key, such a request is refused before its call. */
  readonly contextKeys?: DecodeContextKeys;
  /** The id that a request has already, for X-Amzn-RequestId. One that the call sets goes before it. */
  readonly requestId?: (values: ContextValues) => string | undefined;
  /** Aborted when the server shuts down, which ends streams as unavailable. */
  readonly shutdownSignal?: AbortSignal;
  /** How often an idle event stream shows that it is alive, in milliseconds. 15 seconds where absent. */
  readonly keepAliveMs?: number;
  /** Learns what the client is not told: anything thrown that is no ConnectError. */
  readonly onInternalError?: (error: unknown, method: DescMethod | undefined) => void;
}

/** A request, the route it has, and the way to answer it. */
interface Arrival {
  readonly request: NodeRequest;
  readonly response: NodeResponse;
  readonly match: RouteMatch<RestRoute> | "malformed" | undefined;
  readonly query: string;
  readonly contextValues?: ContextValues;
  readonly body?: Uint8Array;
}

const unaryTypes: readonly string[] = ["application/json"];
const streamTypes: readonly string[] = [...streamFormats.keys()];
const defaultKeepAliveMs = 15_000;
const shuttingDown = new ConnectError("The server is shutting down.", Code.Unavailable);

function ignore(): void {
  // The connection broke. Whoever waits for the request or the response learns it from their end.
}

/** One request and its answer. Its methods never reject. */
export class RestExchange {
  readonly #arrival: Arrival;
  readonly #options: ExchangeOptions;
  readonly #values: ContextValues;

  constructor(arrival: Arrival, options: ExchangeOptions) {
    this.#arrival = arrival;
    this.#options = options;
    this.#values = arrival.contextValues ?? createContextValues();
    arrival.request.on("error", ignore);
    arrival.response.on("error", ignore);
  }

  /** Reads the request, calls its RPC and answers. */
  async run(): Promise<void> {
    try {
      await this.#answer(await this.#collect());
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Reads the request and answers with an error. */
  async refuse(error: ConnectError): Promise<void> {
    try {
      const body = await this.#collect();
      if (body !== "aborted") {
        this.#sendError(this.#toRestError(error), error.metadata, body === "too large");
      }
    } catch (reason) {
      this.#fail(reason);
    }
  }

  #collect(): Promise<CollectedBody> | CollectedBody {
    return this.#arrival.body ?? collectBody(this.#arrival.request, this.#options.maxBodyBytes);
  }

  get #route(): RestRoute | undefined {
    const { match } = this.#arrival;
    return typeof match === "object" ? match.target : undefined;
  }

  async #answer(body: CollectedBody): Promise<void> {
    const { match } = this.#arrival;
    if (body === "aborted") {
      return;
    }
    if (body === "too large") {
      const message = `The body is longer than ${this.#options.maxBodyBytes} bytes.`;
      this.#sendError(restError("tooLarge", message), undefined, true);
    } else if (match === undefined) {
      this.#sendError(restError("unknownOperation", "There is no operation with this method and path."));
    } else if (match === "malformed") {
      this.#sendError(restError("malformed", "The path is not percent-encoded UTF-8."));
    } else {
      const problem = this.#bodyTypeProblem(match.target, body);
      await (problem === undefined ? this.#call(match, body) : this.#sendError(problem));
    }
  }

  #bodyTypeProblem({ binding }: RestRoute, body: Uint8Array): RestError | undefined {
    const { "content-type": contentType, "content-encoding": encoding } = this.#arrival.request.headers;
    if (body.byteLength === 0) {
      return undefined;
    }
    if (binding.body.kind === "none") {
      // A body that nothing says how to read is no part of the request.
      const problem = restError("unsupportedMediaType", "This operation takes no body.");
      return contentType === undefined ? undefined : problem;
    }
    return isJson(contentType) && (encoding === undefined || encoding === "identity")
      ? undefined
      : restError("unsupportedMediaType", "The body must be application/json without a content encoding.");
  }

  async #call({ target: route, values: pathValues }: RouteMatch<RestRoute>, body: Uint8Array): Promise<void> {
    const { request, response, query } = this.#arrival;
    const isStream = route.call.method.methodKind === "server_streaming";
    const mediaType = negotiate(request.headers.accept, isStream ? streamTypes : unaryTypes);
    if (mediaType === undefined) {
      const message = `The answer would be ${(isStream ? streamTypes : unaryTypes).join(" or ")}.`;
      this.#sendError(restError("notAcceptable", message));
      return;
    }
    const context = createRestContext(route.call.method, request, this.#values);
    abortWhenGone(response, context);
    const { headers, rawHeaders } = request;
    const decoded = route.decode({ pathValues, query, headers, rawHeaders, body });
    try {
      const { input } = route.call.method;
      const message = messageToCall(input, decoded, this.#values, this.#options.contextKeys ?? {});
      await (isStream ? this.#stream(route, message, context, mediaType) : this.#unary(route, message, context));
    } catch (error) {
      this.#sendError(this.#toRestError(error), headersOfError(context, error));
    } finally {
      context.abort(callEnded);
    }
  }

  async #unary({ call, encode }: RestRoute, message: AnyMessage, context: RestContext): Promise<void> {
    const reply = await (call as UnaryCall).invoke(message, context);
    const body = encode(reply);
    const { request, response } = this.#arrival;
    if (!isGone(response)) {
      sendReply(request, response, this.#headers(context.responseHeader), body);
    }
  }

  async #stream(route: RestRoute, message: AnyMessage, context: RestContext, mediaType: string): Promise<void> {
    const { call, encode, binding } = route;
    const { request, response } = this.#arrival;
    const format = streamFormats.get(mediaType);
    if (format === undefined || request.method === "HEAD") {
      // The head of a stream is known without beginning it.
      const headers = { ...this.#headers(undefined), "Content-Type": format?.contentType };
      asServerResponse(response).writeHead(200, headers).end();
      return;
    }
    const eventIdName = binding.eventId?.response.localName ?? "";
    await sendStream(response, {
      messages: this.#untilShutdown((call as ServerStreamCall).invoke(message, context), context),
      format,
      headers: () => this.#headers(context.responseHeader),
      encode: (each) => encode(each) ?? "{}",
      eventId: (each) => (eventIdName === "" ? "" : String((each as Record<string, unknown>)[eventIdName])),
      toRestError: (error) => this.#toRestError(error),
      keepAliveMs: this.#options.keepAliveMs ?? defaultKeepAliveMs,
    });
  }

  /** The messages of a call, which a shutdown aborts, and which then end with an error in place of silently. */
  async *#untilShutdown(messages: AsyncIterable<AnyMessage>, context: RestContext): AsyncIterable<AnyMessage> {
    const { shutdownSignal } = this.#options;
    const onShutdown = (): void => context.abort(shuttingDown);
    shutdownSignal?.addEventListener("abort", onShutdown);
    if (shutdownSignal?.aborted) {
      onShutdown();
    }
    try {
      yield* messages;
    } finally {
      shutdownSignal?.removeEventListener("abort", onShutdown);
    }
    if (shutdownSignal?.aborted) {
      throw shuttingDown;
    }
  }

  #headers(set: Headers | undefined) {
    return responseHeaders(set, this.#options.requestId?.(this.#values));
  }

  #sendError(error: RestError, set?: Headers, isUnread = false): void {
    const { request, response } = this.#arrival;
    if (!isGone(response)) {
      (isUnread ? sendErrorUnread : sendError)(request, response, this.#headers(set), error);
    }
  }

  #toRestError(error: unknown): RestError {
    const dialect = this.#route?.dialect ?? ErrorDialect.INSPECTOR;
    if (error instanceof ConnectError) {
      return connectErrorToRest(error, dialect);
    }
    this.#options.onInternalError?.(error, this.#route?.call.method);
    return connectErrorToRest(new ConnectError("The gateway failed.", Code.Internal), dialect);
  }

  /** The last resort: what goes wrong in answering is answered, and where even that fails the connection is given up. */
  #fail(error: unknown): void {
    const { response } = this.#arrival;
    try {
      const answer = this.#toRestError(error);
      if (response.headersSent) {
        response.destroy();
      } else {
        this.#sendError(answer);
      }
    } catch {
      response.destroy();
    }
  }
}

/** A caller that went away before now is not announced again. */
function abortWhenGone(response: NodeResponse, context: RestContext): void {
  response.once("close", () => context.abort(callerGone));
  if (isGone(response)) {
    context.abort(callerGone);
  }
}

/** The headers that the call has set for its answer, and those that came with its error. */
function headersOfError({ responseHeader }: RestContext, error: unknown): Headers {
  if (!(error instanceof ConnectError)) {
    return responseHeader;
  }
  const headers = new Headers(responseHeader);
  error.metadata.forEach((value, name) => {
    headers.set(name, value);
  });
  return headers;
}
