import type { IncomingHttpHeaders } from "node:http";
import { create } from "@bufbuild/protobuf";
import type { FieldFault } from "../domain/errors.ts";
import { compileBodyDecoder } from "./body-decoder.ts";
import type { DecodedRequest } from "./decoded-request.ts";
import { faultInField } from "./field-fault.ts";
import { type FieldPath, fieldPath, fieldSetter } from "./field-path.ts";
import type { EventIdBinding, HeaderBinding, HttpBinding } from "./http-binding.ts";
import type { JsonCodecs } from "./json-codec.ts";
import { parseQueryString } from "./query-string.ts";
import { textToJson } from "./text-json.ts";

/** The parts of a REST request that a message is put together from. */
interface RequestParts {
  /** The decoded value of each variable of the path. */
  readonly pathValues: readonly string[];
  /** What follows the `?`, as it was sent. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values by turns, as they were sent. */
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array;
}

export type RequestDecoder = (parts: RequestParts) => DecodedRequest;

/** Puts a part of the request into the message and its faults to the others. Returns what is malformed. */
type Step = (message: object, parts: RequestParts, faults: FieldFault[]) => string | undefined;

/** Puts texts where a field path leads. `place` says where they come from. */
type TextsReader = (
  message: object,
  texts: readonly string[],
  place: string,
  faults: FieldFault[],
) => string | undefined;

/**
 * The decoder of the requests of a binding. The body goes first and the path last, so that what the path says cannot be
 * said otherwise.
 */
export function compileRequestDecoder(binding: HttpBinding, codecs: JsonCodecs): RequestDecoder {
  const { method, queryFields, headerFields, eventId, pathFields } = binding;
  const decodeBody = compileBodyDecoder(binding, codecs);
  const steps: Step[] = [];
  if (queryFields.size > 0) {
    steps.push(queryStep(queryFields, codecs));
  }
  if (eventId !== undefined) {
    steps.push(eventIdStep(eventId));
  }
  steps.push(...headerFields.map((header) => headerStep(header, codecs)));
  steps.push(...pathFields.map((path, index) => pathStep(path, index, codecs)));
  return (parts) => {
    const decoded = parts.body.byteLength === 0 ? undefined : decodeBody?.(parts.body);
    if (decoded !== undefined && "malformed" in decoded) {
      return decoded;
    }
    if (steps.length === 0) {
      return decoded ?? { message: create(method.input), faults: [] };
    }
    const message = decoded?.message ?? create(method.input);
    const faults = [...(decoded?.faults ?? [])];
    for (const step of steps) {
      const problem = step(message, parts, faults);
      if (problem !== undefined) {
        return { malformed: problem };
      }
    }
    return { message, faults };
  };
}

function queryStep(fields: ReadonlyMap<string, FieldPath>, codecs: JsonCodecs): Step {
  const readers = new Map<string, TextsReader>();
  for (const [key, path] of fields) {
    readers.set(key, textsReader(path, codecs));
  }
  return (message, { query }, faults) => {
    if (query === "") {
      return undefined;
    }
    const values = parseQueryString(query);
    if (values === undefined) {
      return "The query is not percent-encoded UTF-8.";
    }
    for (const [key, texts] of values) {
      const problem = readers.get(key)?.(message, texts, `The query parameter '${key}'`, faults);
      if (problem !== undefined) {
        return problem;
      }
    }
    return undefined;
  };
}

function headerStep({ name, field }: HeaderBinding, codecs: JsonCodecs): Step {
  const read = textsReader(fieldPath([], field), codecs);
  return (message, { headers, rawHeaders }, faults) => {
    if (headers[name] === undefined) {
      return undefined;
    }
    return read(message, headerValues(rawHeaders, name), `The header ${name}`, faults);
  };
}

/** All values of a header; Node joins them, and then two cannot be told from one with a comma. */
function headerValues(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

/** What browsers send when they resume an event stream. A position in the query goes first. */
function eventIdStep({ request }: EventIdBinding): Step {
  const { localName } = request;
  return (message, { headers }) => {
    const lastEventId = headers["last-event-id"];
    const properties = message as Record<string, unknown>;
    if (typeof lastEventId === "string" && !properties[localName]) {
      properties[localName] = lastEventId;
    }
    return undefined;
  };
}

function pathStep(path: FieldPath, index: number, codecs: JsonCodecs): Step {
  const read = textsReader(path, codecs);
  const place = `The path parameter '${path.jsonName}'`;
  return (message, { pathValues }, faults) => read(message, [pathValues[index] ?? ""], place, faults);
}

function textsReader(path: FieldPath, codecs: JsonCodecs): TextsReader {
  const { field, name } = path;
  const toJson = textToJson(field);
  const { decode } = codecs.field(field);
  const set = fieldSetter(path);
  const isList = field.fieldKind === "list";
  return (message, texts, place, faults) => {
    if (!isList && texts.length > 1) {
      return `${place} is given more than once.`;
    }
    const values = texts.map(toJson);
    const decoded = decode(isList ? values : values[0]);
    if ("malformed" in decoded) {
      return `${place} must be ${decoded.malformed.expected}.`;
    }
    faults.push(...decoded.faults.map((fault) => faultInField(name, fault)));
    const isSet = decoded.value === undefined || set(message, decoded.value);
    return isSet ? undefined : `${place} is given beside another of the same union.`;
  };
}
