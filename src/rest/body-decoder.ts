import { isUtf8 } from "node:buffer";
import { create, type DescField } from "@bufbuild/protobuf";
import type { DecodedRequest } from "./decoded-request.ts";
import { faultInField } from "./field-fault.ts";
import { fieldPath, fieldSetter } from "./field-path.ts";
import type { HttpBinding } from "./http-binding.ts";
import type { JsonCodecs, JsonDecoded } from "./json-codec.ts";
import type { JsonFailure } from "./json-reading.ts";

type BodyDecoder = (body: Uint8Array) => DecodedRequest;

/** The decoder of the bodies of a binding, of at least one byte, or undefined where requests have none. */
export function compileBodyDecoder(binding: HttpBinding, codecs: JsonCodecs): BodyDecoder | undefined {
  const { body, method } = binding;
  switch (body.kind) {
    case "none":
      return undefined;
    case "message": {
      const { decode } = codecs.message(method.input, carriedElsewhere(binding));
      return (bytes) => {
        const decoded = decodeJson(bytes, decode);
        return "malformed" in decoded
          ? decoded
          : { message: decoded.value ?? create(method.input), faults: decoded.faults };
      };
    }
    default:
      return fieldDecoder(binding, body.field, codecs);
  }
}

function fieldDecoder({ method }: HttpBinding, field: DescField, codecs: JsonCodecs): BodyDecoder {
  const { decode } = codecs.field(field);
  const set = fieldSetter(fieldPath([], field));
  return (bytes) => {
    const decoded = decodeJson(bytes, decode);
    if ("malformed" in decoded) {
      return decoded;
    }
    const message = create(method.input);
    if (decoded.value !== undefined) {
      set(message, decoded.value);
    }
    return { message, faults: decoded.faults.map((fault) => faultInField(field.name, fault)) };
  };
}

/** Top-level fields whose members in the body are ignored, because a header or the path carries them. */
function carriedElsewhere({ headerFields, pathFields }: HttpBinding): ReadonlySet<DescField> | undefined {
  const fields = [
    ...headerFields.map(({ field }) => field),
    ...pathFields.filter(({ parents }) => parents.length === 0).map(({ field }) => field),
  ];
  return fields.length === 0 ? undefined : new Set(fields);
}

function decodeJson<Value>(
  body: Uint8Array,
  decode: (json: unknown) => JsonDecoded<Value>,
): Exclude<JsonDecoded<Value>, { malformed: unknown }> | { readonly malformed: string } {
  const json = parseJson(body);
  if (json === notJson) {
    return { malformed: "The body is not JSON in UTF-8." };
  }
  const decoded = decode(json);
  return "malformed" in decoded ? { malformed: describe(decoded.malformed) } : decoded;
}

function describe({ path, expected }: JsonFailure): string {
  return `${path === "" ? "The body" : `The value at '${path}'`} must be ${expected}.`;
}

const notJson = Symbol("not JSON");

function parseJson(body: Uint8Array): unknown {
  if (!isUtf8(body)) {
    return notJson;
  }
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8"));
  } catch {
    return notJson;
  }
}
