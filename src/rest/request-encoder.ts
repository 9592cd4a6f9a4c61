import { type DescField, type DescMessage, isFieldSet, type MessageShape } from "@bufbuild/protobuf";
import { buildPath } from "./build-path.ts";
import { dropUnset, dropUnsetOfField } from "./drop-unset.ts";
import { type FieldPath, fieldGetter, fieldPath } from "./field-path.ts";
import type { HttpBinding } from "./http-binding.ts";
import type { JsonCodecs } from "./json-codec.ts";
import { isWellKnown } from "./json-well-known.ts";
import type { Parsed } from "./parsed.ts";

type AnyMessage = MessageShape<DescMessage>;

/** The parts of a REST request that carry a message. */
export interface EncodedRequest {
  readonly httpMethod: string;
  /** The path and the query. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** A JSON text, or undefined where the request has no body. */
  readonly body: string | undefined;
}

/** Encodes the requests of a binding. An error says which value the binding cannot carry. */
export type RequestEncoder = (message: AnyMessage) => Parsed<EncodedRequest>;

/** What a header can carry without losing any of it (RFC 9110, section 5.5). */
const headerValuePattern = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;

/** The encoder of a binding: what the server's decoder of it takes apart again. */
export function compileRequestEncoder(binding: HttpBinding, codecs: JsonCodecs): RequestEncoder {
  const { template, pathFields, headerFields } = binding;
  const pathReaders = pathFields.map((path) => textsReader(path, codecs));
  const encodeQuery = queryEncoder(binding, codecs);
  const headerReaders = headerFields.map(({ name, field }) => ({
    name,
    texts: textsReader(fieldPath([], field), codecs),
  }));
  const encodeBody = bodyEncoder(binding, codecs);
  const uncarried = uncarriedFields(binding);
  return (message) => {
    const lost = uncarried.find((field) => isFieldSet(message, field));
    if (lost !== undefined) {
      return { error: `the field '${lost.name}' cannot be carried in a query` };
    }
    const path = buildPath(
      template,
      pathReaders.map((texts) => texts(message)[0] ?? ""),
    );
    if ("error" in path) {
      return path;
    }
    const headers = headerReaders.flatMap(({ name, texts }) => texts(message).map((text) => [name, text] as const));
    const unfit = headers.find(([, value]) => !headerValuePattern.test(value));
    if (unfit !== undefined) {
      return { error: `the value for the header ${unfit[0]} has characters that a header cannot carry` };
    }
    const query = encodeQuery(message);
    const body = encodeBody(message);
    const target = query === "" ? path.value : `${path.value}?${query}`;
    return { value: { httpMethod: httpMethodOf(binding), target, headers, body } };
  };
}

function httpMethodOf({ httpMethod, body }: HttpBinding): string {
  if (httpMethod !== "*") {
    return httpMethod;
  }
  return body.kind === "none" ? "GET" : "POST";
}

function queryEncoder({ queryFields }: HttpBinding, codecs: JsonCodecs): (message: AnyMessage) => string {
  const readers = [...queryFields].map(([key, path]) => ({
    key: encodeURIComponent(key),
    texts: textsReader(path, codecs),
  }));
  return (message) =>
    readers
      .flatMap(({ key, texts }) => texts(message).map((text) => `${key}=${encodeURIComponent(text.toWellFormed())}`))
      .join("&");
}

/** Gives the texts of what a path leads to: one, one for each element of a list, or none where it is not set. */
function textsReader({ parents, field }: FieldPath, codecs: JsonCodecs): (message: AnyMessage) => readonly string[] {
  const getParents = parents.map(fieldGetter);
  const get = fieldGetter(field);
  const { encode } = codecs.field(field);
  return (message) => {
    let holder: AnyMessage | undefined = message;
    for (const getParent of getParents) {
      holder = holder && (getParent(holder) as AnyMessage | undefined);
    }
    if (holder === undefined || !isFieldSet(holder, field)) {
      return [];
    }
    const json = encode(get(holder));
    return Array.isArray(json) ? json.map(String) : [String(json)];
  };
}

function bodyEncoder(binding: HttpBinding, codecs: JsonCodecs): (message: AnyMessage) => string | undefined {
  const { method, body } = binding;
  switch (body.kind) {
    case "none":
      return () => undefined;
    case "field": {
      const { encode } = fieldWithoutUnset(body.field, codecs);
      return (message) => (isFieldSet(message, body.field) ? JSON.stringify(encode(message)) : undefined);
    }
    default: {
      const { encode } = codecs.message(method.input, carriedElsewhere(binding));
      return (message) => {
        const json = encode(message);
        if (!isWellKnown(method.input)) {
          dropUnset(method.input, message, json as Record<string, unknown>);
        }
        return JSON.stringify(json);
      };
    }
  }
}

function fieldWithoutUnset(field: DescField, codecs: JsonCodecs) {
  const get = fieldGetter(field);
  const { encode } = codecs.field(field);
  return {
    encode: (message: AnyMessage): unknown => {
      const value = get(message);
      const json = encode(value);
      dropUnsetOfField(field, value, json);
      return json;
    },
  };
}

function carriedElsewhere({ headerFields, pathFields }: HttpBinding): ReadonlySet<DescField> {
  const inPath = pathFields.filter(({ parents }) => parents.length === 0).map(({ field }) => field);
  return new Set([...headerFields.map(({ field }) => field), ...inPath]);
}

/** Fields of the request that no part of it can carry. Setting one must not be passed over in silence. */
function uncarriedFields(binding: HttpBinding): readonly DescField[] {
  const { method, body, pathFields, queryFields } = binding;
  if (body.kind === "message") {
    return [];
  }
  const carried = carriedElsewhere(binding);
  const byPath = new Set([...pathFields, ...queryFields.values()].map(({ parents, field }) => parents[0] ?? field));
  const inBody = body.kind === "field" ? body.field : undefined;
  return method.input.fields.filter((field) => !carried.has(field) && !byPath.has(field) && field !== inBody);
}
