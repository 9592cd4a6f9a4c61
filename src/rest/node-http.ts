import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";

/** A request of node:http, node:https or node:http2. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;

/** A response of node:http, node:https or node:http2. */
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** Whether nobody can be answered any more. The HTTP/2 response of Node has no `destroyed` of its own. */
export function isGone(response: NodeResponse): boolean {
  return "stream" in response ? response.stream.destroyed : response.destroyed;
}

/** Either response as that of HTTP/1: the methods that are used here are the same, and only their types differ. */
export function asServerResponse(response: NodeResponse): ServerResponse {
  return response as ServerResponse;
}
