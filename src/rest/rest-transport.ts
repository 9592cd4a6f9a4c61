import { create, type DescMessage, type DescMethod, type MessageShape, type Registry } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createContextValues,
  type Interceptor,
  type StreamRequest,
  type Transport,
  type UnaryRequest,
} from "@connectrpc/connect";
import { runStreamingCall, runUnaryCall } from "@connectrpc/connect/protocol";
import { readBody } from "./bounded-body.ts";
import { createHttpClient, type HttpClient, type HttpResponse } from "./http-client.ts";
import { createJsonCodecs } from "./json-codec.ts";
import type { EncodedRequest } from "./request-encoder.ts";
import { compileRestMethod, type RestMethod } from "./rest-method.ts";
import { parseJson, readReplies, toRestError } from "./rest-replies.ts";
import { toTransportError } from "./transport-error.ts";

type AnyMessage = MessageShape<DescMessage>;

/** Where and how a REST API is called. */
export interface RestTransportOptions {
  /** Such as `https://host:8443`; a path in it goes before every path of a rule. */
  readonly baseUrl: string;
  /** Called around every call, the first outermost. They see a path template in place of the path. */
  readonly interceptors?: readonly Interceptor[];
  /** How long a call may take that says nothing itself, in milliseconds. Without end where absent. */
  readonly defaultTimeoutMs?: number;
  /** Sends the requests: the place for connections, signatures and repetitions. createHttpClient() where absent. */
  readonly httpClient?: HttpClient;
  /** Where the messages in a google.protobuf.Any are found. */
  readonly registry?: Registry;
  /** The longest answer, and the longest message of a stream, in bytes. 16 MiB where absent. */
  readonly maxResponseBytes?: number;
}

type HeadersGiven = ConstructorParameters<typeof Headers>[0];

const defaultMaxResponseBytes = 16 * 1024 * 1024;

/**
 * A Connect transport over a REST API in the manner of AWS's restJson1 protocol: the client side of createRestHandler().
 *
 * - RPCs are called by the google.api.http rules of their descriptors, by the first of them that can carry the request.
 * - A server stream is read as JSON lines. Streams of requests cannot be called.
 * - Errors are ConnectErrors with google.rpc details; see restErrorToConnect(). A server that cannot be reached is
 *   `unavailable`, with the system's error as the cause.
 * - Nothing is sent for a request that the rule cannot carry (`invalid_argument`), nor for an RPC without a rule
 *   (`unimplemented`).
 * - Nothing is repeated.
 *
 * @throws TypeError where baseUrl is no URL of http or https.
 */
export function createRestTransport(options: RestTransportOptions): Transport {
  const caller = new RestCaller(options);
  const interceptors = [...(options.interceptors ?? [])];
  const shared = (method: DescMethod, header: HeadersGiven, contextValues = createContextValues()) => ({
    service: method.parent,
    requestMethod: caller.httpMethod(method),
    url: caller.url(method),
    header: new Headers(header),
    contextValues,
  });
  const limits = (signal: AbortSignal | undefined, timeoutMs = options.defaultTimeoutMs) => ({
    interceptors,
    ...(signal !== undefined && { signal }),
    ...(timeoutMs !== undefined && timeoutMs > 0 && { timeoutMs }),
  });
  return {
    unary: async (method, signal, timeoutMs, header, message, contextValues) =>
      runUnaryCall({
        ...limits(signal, timeoutMs),
        req: { stream: false, method, message, ...shared(method, header, contextValues) },
        next: (request) => caller.unary(request) as never,
      }),
    stream: async (method, signal, timeoutMs, header, message, contextValues) =>
      runStreamingCall({
        ...limits(signal, timeoutMs),
        req: { stream: true, method, message, ...shared(method, header, contextValues) },
        next: (request) => caller.stream(request) as never,
      }),
  };
}

class RestCaller {
  readonly #origin: string;
  readonly #prefix: string;
  readonly #send: HttpClient;
  readonly #maxBytes: number;
  readonly #codecs;
  readonly #methods = new Map<DescMethod, RestMethod>();

  constructor({ baseUrl, httpClient, registry, maxResponseBytes }: RestTransportOptions) {
    const { protocol, origin, pathname } = new URL(baseUrl);
    if (protocol !== "http:" && protocol !== "https:") {
      throw new TypeError("The base URL of a REST API must begin with http:// or https://.");
    }
    this.#origin = origin;
    this.#prefix = pathname.replace(/\/+$/, "");
    this.#send = httpClient ?? createHttpClient();
    this.#maxBytes = maxResponseBytes ?? defaultMaxResponseBytes;
    this.#codecs = createJsonCodecs(registry);
  }

  httpMethod(method: DescMethod): string {
    return this.#method(method).bindings[0].httpMethod;
  }

  url(method: DescMethod): string {
    return `${this.#origin}${this.#prefix}${this.#method(method).bindings[0].template.text}`;
  }

  async unary(request: UnaryRequest) {
    const { request: parts, decode } = this.#method(request.method).bind(request.message);
    const response = await this.#exchange(request, parts, "application/json");
    const body = await this.#reading(() => readBody(response.body, this.#maxBytes));
    // Success without a body is the empty message, which services answer either way.
    const reply = body.byteLength === 0 ? { value: create(request.method.output) } : decode(parseJson(body));
    if ("error" in reply) {
      throw new ConnectError(`The answer cannot be read: ${reply.error}.`, Code.Internal, response.headers);
    }
    return this.#reply(request, response, reply.value);
  }

  async stream(request: StreamRequest) {
    const { request: parts, decode } = this.#method(request.method).bind(await onlyMessage(request));
    const response = await this.#exchange(request, parts, "application/x-ndjson");
    const replies = readReplies(response, request.method, decode, this.#maxBytes);
    return { ...this.#reply(request, response, this.#readingAll(replies)), stream: true as const };
  }

  #reply<Message>({ method }: UnaryRequest | StreamRequest, { headers }: HttpResponse, message: Message) {
    const heads = { header: headers, trailer: new Headers() };
    return { stream: false as const, service: method.parent, method, message, ...heads };
  }

  /** Sends a request and gives the answer where it is a success. */
  async #exchange(
    request: UnaryRequest | StreamRequest,
    { httpMethod, target, headers: fields, body }: EncodedRequest,
    accept: string,
  ): Promise<HttpResponse> {
    const headers = new Headers(request.header);
    headers.set("accept", accept);
    for (const [name, value] of fields) {
      headers.set(name, value);
    }
    if (body !== undefined) {
      headers.set("content-type", "application/json");
    }
    const response = await this.#reading(() =>
      this.#send({
        method: httpMethod,
        origin: this.#origin,
        target: `${this.#prefix}${target}`,
        headers,
        body: body === undefined ? undefined : Buffer.from(body),
        signal: request.signal,
      }),
    );
    if (response.status < 200 || response.status > 299) {
      throw await this.#reading(() => toRestError(response, request.method, this.#maxBytes));
    }
    return response;
  }

  async #reading<Value>(read: () => Promise<Value>): Promise<Value> {
    try {
      return await read();
    } catch (reason) {
      throw toTransportError(reason, this.#origin);
    }
  }

  async *#readingAll<Value>(values: AsyncIterable<Value>): AsyncIterable<Value> {
    try {
      yield* values;
    } catch (reason) {
      throw toTransportError(reason, this.#origin);
    }
  }

  #method(method: DescMethod): RestMethod {
    const known = this.#methods.get(method);
    if (known !== undefined) {
      return known;
    }
    const compiled = compileRestMethod(method, this.#codecs);
    this.#methods.set(method, compiled);
    return compiled;
  }
}

async function onlyMessage({ message }: StreamRequest): Promise<AnyMessage> {
  for await (const each of message) {
    return each;
  }
  throw new ConnectError("A server stream needs a request.", Code.InvalidArgument);
}
