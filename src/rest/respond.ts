import { randomUUID } from "node:crypto";
import type { OutgoingHttpHeaders } from "node:http";
import { constants, type Http2ServerResponse } from "node:http2";
import type { RestError } from "./errors.ts";
import { asServerResponse, type NodeRequest, type NodeResponse } from "./node-http.ts";

/** How long the rest of a refused body is thrown away before the connection is cut, in milliseconds. */
const lingerMs = 500;

/** Headers that say how an answer is framed or what failed, which the adapter says itself. */
const reserved: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "keep-alive",
  "retry-after",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-amzn-errortype",
]);

const requestIdHeader = "x-amzn-requestid";

/**
 * The headers of an answer: those that the call has set, and an X-Amzn-RequestId: the one that the call has set, the one
 * given, or one made up.
 */
export function responseHeaders(set: Headers | undefined, requestId: string | undefined): OutgoingHttpHeaders {
  const id = set?.get(requestIdHeader) ?? requestId ?? randomUUID();
  const headers: OutgoingHttpHeaders = { "X-Amzn-RequestId": id };
  for (const [name, value] of set ?? []) {
    if (name === "set-cookie") {
      headers[name] = set?.getSetCookie();
    } else if (name !== requestIdHeader && !reserved.has(name)) {
      headers[name] = value;
    }
  }
  return headers;
}

/** Answers 200 with JSON, or without a body where there is none. */
export function sendReply(
  request: NodeRequest,
  response: NodeResponse,
  headers: OutgoingHttpHeaders,
  body: string | undefined,
): void {
  if (body === undefined) {
    headers["Content-Length"] = 0;
    asServerResponse(response).writeHead(200, headers).end();
  } else {
    sendJson(request, response, 200, headers, body);
  }
}

/** Answers with an error. */
export function sendError(
  request: NodeRequest,
  response: NodeResponse,
  headers: OutgoingHttpHeaders,
  error: RestError,
): void {
  sendJson(request, response, error.status, withErrorHeaders(headers, error), JSON.stringify(error.body));
}

/**
 * Answers with an error while the body of the request is still on its way. The connection is of no more use afterwards,
 * and is cut only after a while, for a client that still sends would lose the answer to a reset.
 */
export function sendErrorUnread(
  request: NodeRequest,
  response: NodeResponse,
  headers: OutgoingHttpHeaders,
  error: RestError,
): void {
  if (isHttp2(response)) {
    sendError(request, response, headers, error);
    const { stream } = response;
    stream.once("finish", () => stream.close(constants.NGHTTP2_NO_ERROR));
    return;
  }
  const body = JSON.stringify(error.body);
  response.writeHead(error.status, {
    ...withErrorHeaders(headers, error),
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(body),
    Connection: "close",
  });
  response.write(request.method === "HEAD" ? "" : body);
  const timer = setTimeout(() => response.end(), lingerMs);
  request.once("end", () => response.end());
  response.once("close", () => clearTimeout(timer));
  request.resume();
}

function isHttp2(response: NodeResponse): response is Http2ServerResponse {
  return "stream" in response;
}

function withErrorHeaders(headers: OutgoingHttpHeaders, { type, retryAfterSeconds }: RestError): OutgoingHttpHeaders {
  headers["X-Amzn-Errortype"] = type;
  if (retryAfterSeconds !== undefined) {
    headers["Retry-After"] = retryAfterSeconds;
  }
  return headers;
}

function sendJson(
  request: NodeRequest,
  response: NodeResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  body: string,
): void {
  headers["Content-Type"] = "application/json";
  headers["Content-Length"] = Buffer.byteLength(body);
  asServerResponse(response).writeHead(status, headers);
  if (request.method === "HEAD") {
    response.end();
  } else {
    asServerResponse(response).end(body);
  }
}
