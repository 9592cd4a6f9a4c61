import { type DescMessage, getOption, type MessageShape } from "@bufbuild/protobuf";
import { type ErrorDialect, service as serviceRest } from "../gen/sessiongateway/rest/v1/rest_pb.ts";
import type { Call, ServerStreamCall, UnaryCall } from "../interceptors/call.ts";
import { fieldGetter } from "./field-path.ts";
import type { HttpBinding } from "./http-binding.ts";
import { compileHttpRules } from "./http-rule.ts";
import type { JsonCodecs } from "./json-codec.ts";
import { compileRequestDecoder, type RequestDecoder } from "./request-decoder.ts";
import { RestRuleError } from "./rest-rule-error.ts";
import { createRouter, type Route, type Router } from "./router.ts";

type AnyMessage = MessageShape<DescMessage>;

/** A call with one of its bindings, compiled. */
export interface RestRoute {
  readonly call: UnaryCall | ServerStreamCall;
  readonly binding: HttpBinding;
  readonly dialect: ErrorDialect;
  readonly decode: RequestDecoder;
  /** The body of a response message, or undefined where success has none. */
  readonly encode: (message: AnyMessage) => string | undefined;
}

/**
 * The router over the bindings of all calls.
 *
 * @throws RestRuleError with all problems of all rules.
 */
export function createRestRouter(calls: readonly Call[], codecs: JsonCodecs): Router<RestRoute> {
  const problems: string[] = [];
  const routes: Route<RestRoute>[] = [];
  for (const call of calls) {
    const compiled = compileHttpRules(call.method);
    problems.push(...compiled.problems);
    if (compiled.problems.length === 0) {
      routes.push(...compiled.bindings.map((binding) => routeOf(call as RestRoute["call"], binding, codecs)));
    }
  }
  const router = createRouter(routes);
  if ("error" in router || problems.length > 0) {
    throw new RestRuleError("error" in router ? [...problems, ...router.error.split("\n")] : problems);
  }
  return router.value;
}

/** Only unary calls and server streams have bindings; compileHttpRules() refuses the rest. */
function routeOf(call: RestRoute["call"], binding: HttpBinding, codecs: JsonCodecs): Route<RestRoute> {
  const { method, httpMethod, template } = binding;
  return {
    httpMethod,
    template,
    name: `${method.parent.typeName}.${method.name}`,
    target: {
      call,
      binding,
      dialect: getOption(method.parent, serviceRest).errorDialect,
      decode: compileRequestDecoder(binding, codecs),
      encode: responseEncoder(binding, codecs),
    },
  };
}

function responseEncoder(binding: HttpBinding, codecs: JsonCodecs): RestRoute["encode"] {
  const { method, responseBody, emptyResponseBody } = binding;
  if (emptyResponseBody) {
    return () => undefined;
  }
  if (responseBody === undefined) {
    const { encode } = codecs.message(method.output);
    return (message) => JSON.stringify(encode(message));
  }
  const { encode } = codecs.field(responseBody);
  const get = fieldGetter(responseBody);
  return (message) => {
    const value = get(message);
    return value === undefined ? "null" : JSON.stringify(encode(value));
  };
}
