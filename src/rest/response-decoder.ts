import { create, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { fieldPath, fieldSetter } from "./field-path.ts";
import type { HttpBinding } from "./http-binding.ts";
import type { JsonCodecs, JsonDecoded } from "./json-codec.ts";
import type { Parsed } from "./parsed.ts";

type AnyMessage = MessageShape<DescMessage>;

/** Decodes the JSON of a response. An error says which value has the wrong shape. */
export type ResponseDecoder = (json: unknown) => Parsed<AnyMessage>;

/**
 * The decoder of the responses of a binding. What a newer server says and this one does not know, such as members and
 * values of enums, is left out of the message.
 */
export function compileResponseDecoder({ method, responseBody }: HttpBinding, codecs: JsonCodecs): ResponseDecoder {
  if (responseBody === undefined) {
    const { decode } = codecs.message(method.output);
    return (json) => {
      const decoded = decodedValue(decode(json));
      return "error" in decoded ? decoded : { value: decoded.value ?? create(method.output) };
    };
  }
  const { decode } = codecs.field(responseBody);
  const set = fieldSetter(fieldPath([], responseBody));
  return (json) => {
    const message = create(method.output);
    const decoded = json === null ? { value: undefined } : decodedValue(decode(json));
    if ("error" in decoded) {
      return decoded;
    }
    if (decoded.value !== undefined) {
      set(message, decoded.value);
    }
    return { value: message };
  };
}

function decodedValue<Value>(decoded: JsonDecoded<Value>): Parsed<Value | undefined> {
  if (!("malformed" in decoded)) {
    return { value: decoded.value };
  }
  const { path, expected } = decoded.malformed;
  return { error: `${path === "" ? "the answer" : `the value at '${path}' of the answer`} is not ${expected}` };
}
