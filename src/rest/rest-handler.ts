import type { DescMethod, Registry } from "@bufbuild/protobuf";
import type { ConnectError, ContextValues } from "@connectrpc/connect";
import type { Call } from "../interceptors/call.ts";
import { createJsonCodecs } from "./json-codec.ts";
import type { NodeRequest, NodeResponse } from "./node-http.ts";
import { parseRequestTarget } from "./request-target.ts";
import { type ExchangeOptions, RestExchange } from "./rest-exchange.ts";
import { createRestRouter, type RestRoute } from "./rest-route.ts";
import type { RouteMatch, Router } from "./router.ts";

/** How calls are served over REST. */
export interface RestHandlerOptions extends ExchangeOptions {
  readonly calls: readonly Call[];
  /** Where the messages in a google.protobuf.Any are found. */
  readonly registry?: Registry;
}

/** What was done about a request before the handler is asked. */
export interface RestEdge {
  /** What interceptors and implementations learn of the caller. */
  readonly contextValues?: ContextValues;
  /** The body, where it was collected already. */
  readonly body?: Uint8Array;
}

/** Answers requests of node:http and node:http2. It throws nothing. */
export interface RestHandler {
  (request: NodeRequest, response: NodeResponse, edge?: RestEdge): void;
  /** The RPC that a request is for, or undefined where its method and path are no route. */
  find(request: NodeRequest): DescMethod | undefined;
  /** Answers a request with an error in the spelling of its service, in place of handling it. */
  refuse(request: NodeRequest, response: NodeResponse, error: ConnectError, edge?: RestEdge): void;
}

/**
 * Serves calls on the routes of their google.api.http rules, with the JSON and the errors of AWS's restJson1 protocol.
 * Rules, descriptors and error dialects are compiled here; see createJsonCodecs() for the JSON and connectErrorToRest()
 * for errors.
 *
 * - A HEAD request is answered as a GET without its body.
 * - A method and a path that are no route are 404 UnknownOperationException; there is no 405.
 * - A server stream is JSON lines, or server-sent events where the Accept header asks for them.
 * - Every answer has an X-Amzn-RequestId.
 *
 * @throws RestRuleError where a rule is wrong or two are ambiguous, with all problems of all rules.
 */
export function createRestHandler(options: RestHandlerOptions): RestHandler {
  const router = createRestRouter(options.calls, createJsonCodecs(options.registry));

  function begin(request: NodeRequest, response: NodeResponse, edge: RestEdge = {}): RestExchange {
    const { path, query } = parseRequestTarget(request.url ?? "");
    const match = findRoute(router, request.method ?? "", path);
    return new RestExchange({ request, response, match, query, ...edge }, options);
  }

  const handle = (request: NodeRequest, response: NodeResponse, edge?: RestEdge): void => {
    void begin(request, response, edge).run();
  };
  return Object.assign(handle, {
    find: (request: NodeRequest) => {
      const match = findRoute(router, request.method ?? "", parseRequestTarget(request.url ?? "").path);
      return typeof match === "object" ? match.target.call.method : undefined;
    },
    refuse: (request: NodeRequest, response: NodeResponse, error: ConnectError, edge?: RestEdge) => {
      void begin(request, response, edge).refuse(error);
    },
  });
}

function findRoute(
  router: Router<RestRoute>,
  httpMethod: string,
  path: string,
): RouteMatch<RestRoute> | "malformed" | undefined {
  const match = router.match(httpMethod, path);
  return match === undefined && httpMethod === "HEAD" ? router.match("GET", path) : match;
}
