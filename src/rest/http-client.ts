import { type Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { type Agent as HttpsAgent, request as requestHttps } from "node:https";

/** A request as it goes out. */
export interface HttpRequest {
  readonly method: string;
  /** Such as `https://host:8443`. */
  readonly origin: string;
  /** The path and the query, sent as they are. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: Uint8Array | undefined;
  /** Aborting it ends the request, and the response where it has begun. */
  readonly signal: AbortSignal;
}

/** A response whose head has arrived. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  /** To be read once. Leaving it early ends the response. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Sends a request and resolves when the head of its response is there. It rejects with the system's error where the
 * server cannot be reached. Redirects are answers like any other. A wrapper around one may sign requests or repeat them.
 */
export type HttpClient = (request: HttpRequest) => Promise<HttpResponse>;

/**
 * An HTTP/1.1 client over node:http and node:https. Unlike fetch() it sends a path as it is given, where a URL would lose
 * segments such as `..`, and lets a response be silent for as long as it likes, which a watch needs.
 *
 * @param agent Holds the connections. Node's own, which keeps them alive, where absent.
 */
export function createHttpClient(agent?: HttpAgent | HttpsAgent): HttpClient {
  return ({ method, origin, target, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const request = origin.startsWith("https:") ? requestHttps : requestHttp;
      const options = {
        method,
        path: target,
        headers: Object.fromEntries(headers),
        signal,
        ...(agent !== undefined && { agent }),
      };
      request(origin, options)
        .on("response", (response) => resolve(toHttpResponse(response)))
        .on("error", reject)
        .end(body);
    });
}

function toHttpResponse(response: IncomingMessage): HttpResponse {
  const headers = new Headers();
  for (const [name, values] of Object.entries(response.headersDistinct)) {
    for (const value of values ?? []) {
      headers.append(name, value);
    }
  }
  return { status: response.statusCode ?? 0, headers, body: response };
}
