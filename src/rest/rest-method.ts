import type { DescMessage, DescMethod, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { HttpBinding } from "./http-binding.ts";
import { compileHttpRules } from "./http-rule.ts";
import type { JsonCodecs } from "./json-codec.ts";
import { compileRequestEncoder, type EncodedRequest, type RequestEncoder } from "./request-encoder.ts";
import { compileResponseDecoder, type ResponseDecoder } from "./response-decoder.ts";
import { RestRuleError } from "./rest-rule-error.ts";

/** A request by the binding that carries it. */
interface BoundRequest {
  readonly request: EncodedRequest;
  /** Reads the answers to it. */
  readonly decode: ResponseDecoder;
}

/** An RPC as a client calls it over REST. */
export interface RestMethod {
  readonly bindings: readonly [HttpBinding, ...HttpBinding[]];
  /**
   * Encodes a request by the first binding that can carry it.
   *
   * @throws ConnectError invalid_argument where none can.
   */
  readonly bind: (message: MessageShape<DescMessage>) => BoundRequest;
}

/**
 * Compiles the rules of an RPC for its callers.
 *
 * @throws ConnectError unimplemented where it has none.
 * @throws RestRuleError where they are wrong.
 */
export function compileRestMethod(method: DescMethod, codecs: JsonCodecs): RestMethod {
  const { bindings, problems } = compileHttpRules(method);
  if (problems.length > 0) {
    throw new RestRuleError(problems);
  }
  const [first, ...others] = bindings;
  if (first === undefined) {
    throw new ConnectError(`${method.parent.typeName}.${method.name} cannot be called over REST.`, Code.Unimplemented);
  }
  const compiled = bindings.map((binding) => ({
    encode: compileRequestEncoder(binding, codecs),
    decode: compileResponseDecoder(binding, codecs),
  }));
  return { bindings: [first, ...others], bind: (message) => bindToFirst(compiled, message) };
}

function bindToFirst(
  compiled: readonly { readonly encode: RequestEncoder; readonly decode: ResponseDecoder }[],
  message: MessageShape<DescMessage>,
): BoundRequest {
  const problems: string[] = [];
  for (const { encode, decode } of compiled) {
    const encoded = encode(message);
    if ("value" in encoded) {
      return { request: encoded.value, decode };
    }
    problems.push(encoded.error);
  }
  throw new ConnectError(`The request cannot be sent over REST: ${problems.join("; ")}.`, Code.InvalidArgument);
}
