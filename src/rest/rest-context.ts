import type { IncomingHttpHeaders } from "node:http";
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type ContextValues, type HandlerContext } from "@connectrpc/connect";
import type { NodeRequest } from "./node-http.ts";

/** The context of one call over REST, and the way to end it. */
export interface RestContext extends HandlerContext {
  readonly protocolName: "rest";
  /** Aborts the signal: the call is over, or nobody waits for it any more. */
  abort(reason: ConnectError): void;
}

/** Why a signal is aborted when its call is over. Made once, for an error is dear to make. */
export const callEnded = new ConnectError("The call has ended.", Code.Canceled);

/** Why a signal is aborted when the caller went away. */
export const callerGone = new ConnectError("The caller went away.", Code.Canceled);

const noTimeout = (): undefined => undefined;

/**
 * The context of a call, as createHandlerContext() of connect-es makes it, in a quarter of the time: REST has no header
 * for a deadline, and the few signals that matter are linked by the handler.
 */
export function createRestContext(method: DescMethod, request: NodeRequest, values: ContextValues): RestContext {
  const controller = new AbortController();
  return {
    method,
    service: method.parent,
    protocolName: "rest",
    requestMethod: request.method ?? "",
    url: urlOf(request),
    requestHeader: toHeaders(request.headers),
    responseHeader: new Headers(),
    responseTrailer: new Headers(),
    signal: controller.signal,
    timeoutMs: noTimeout,
    values,
    abort: (reason) => controller.abort(reason),
  };
}

function urlOf(request: NodeRequest): string {
  const target = request.url ?? "";
  if (!target.startsWith("/")) {
    return target;
  }
  const scheme = request.headers[":scheme"] ?? ("encrypted" in request.socket ? "https" : "http");
  const authority = request.headers[":authority"] ?? request.headers.host ?? "localhost";
  return `${scheme}://${authority}${target}`;
}

function toHeaders(headers: IncomingHttpHeaders): Headers {
  const converted = new Headers();
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || name.startsWith(":")) {
      continue;
    }
    if (typeof value === "string") {
      converted.append(name, value);
    } else {
      for (const each of value) {
        converted.append(name, each);
      }
    }
  }
  return converted;
}
