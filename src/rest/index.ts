/**
 * Serves Connect services as a JSON REST API in the manner of AWS's restJson1 protocol, on the routes of their
 * google.api.http rules; and calls such APIs.
 */
export { buildPath } from "./build-path.ts";
export { errorKind, type RestErrorKind } from "./error-kind.ts";
export { connectErrorToRest, type RestError, restError } from "./errors.ts";
export type { FieldPath } from "./field-path.ts";
export type { BodyBinding, EventIdBinding, HeaderBinding, HttpBinding } from "./http-binding.ts";
export { createHttpClient, type HttpClient, type HttpRequest, type HttpResponse } from "./http-client.ts";
export { type CompiledRules, compileHttpRules } from "./http-rule.ts";
export { createJsonCodecs, type JsonCodec, type JsonCodecs, type JsonDecoded } from "./json-codec.ts";
export type { NodeRequest, NodeResponse } from "./node-http.ts";
export { type PathTemplate, parsePathTemplate } from "./path-template.ts";
export { type RestErrorAnswer, restErrorToConnect } from "./rest-error-to-connect.ts";
export { createRestHandler, type RestEdge, type RestHandler, type RestHandlerOptions } from "./rest-handler.ts";
export { RestRuleError } from "./rest-rule-error.ts";
export { createRestTransport, type RestTransportOptions } from "./rest-transport.ts";
export { createRouter, type Route, type RouteMatch, type Router } from "./router.ts";
export type { DecodeContextKeys } from "./undecoded.ts";
