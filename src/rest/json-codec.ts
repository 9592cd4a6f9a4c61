import type { DescField, DescMessage, MessageShape, Registry } from "@bufbuild/protobuf";
import type { FieldFault } from "../domain/errors.ts";
import { createMessageReaders } from "./json-message-reader.ts";
import { createMessageWriters } from "./json-message-writer.ts";
import { type JsonFailure, type JsonReader, JsonReading, leftOut, malformed } from "./json-reading.ts";

/**
 * What JSON was decoded to, or what is wrong with its shape. `value` lacks what `faults` are about, and is undefined where
 * one is about the whole.
 */
export type JsonDecoded<Value> =
  | { readonly value: Value | undefined; readonly faults: readonly FieldFault[] }
  | { readonly malformed: JsonFailure };

/** Turns JSON values, as JSON.parse() gives them, into a kind of value that messages hold, and back. */
export interface JsonCodec<Value> {
  /**
   * Decodes a value. Faults are what is spelled right and not allowed, such as an enum value that there is not; at most
   * 100 of them are reported, with paths that begin at the value.
   */
  readonly decode: (json: unknown) => JsonDecoded<Value>;
  /** A value for JSON.stringify(). May throw where the message holds what its type does not allow. */
  readonly encode: (value: Value) => unknown;
}

/** Codecs of messages and fields, each compiled once. */
export interface JsonCodecs {
  /** @param without Top-level fields that JSON does not carry: they are neither read nor written. */
  message(desc: DescMessage, without?: ReadonlySet<DescField>): JsonCodec<MessageShape<DescMessage>>;
  /** The codec of a field's value: of a whole list or map where it is one. */
  field(field: DescField): JsonCodec<unknown>;
}

/**
 * Codecs for the JSON of AWS's restJson1 protocol, compiled from descriptors.
 *
 * - Members are called by the field's JSON name only. Members that the message does not have are ignored.
 * - Enums are bare: `CIS_RULE_STATUS_FAILED` is `"FAILED"`.
 * - `null` is an absent member; in a list or a map it is malformed.
 * - Nothing is converted: `"1"` is no number and `1` no string. bytes are strict base64.
 * - Well-known types are as protobuf spells them in JSON, a Timestamp in RFC 3339.
 * - Messages are nested at most 100 deep.
 * - Written are, in the order of the fields: set fields with presence, and of those without presence all numbers,
 *   booleans, lists and maps, and what is not empty of the rest. So a count of 0 and a list of nothing are told, and an
 *   empty text is absent.
 *
 * @param registry Where the messages in a google.protobuf.Any are found.
 */
export function createJsonCodecs(registry?: Registry): JsonCodecs {
  const readers = createMessageReaders(registry);
  const writers = createMessageWriters(registry);
  return {
    message: (desc, without) => ({
      decode: decoder(readers.message(desc, without)),
      encode: writers.message(desc, without),
    }),
    field: (field) => ({ decode: decoder(readers.field(field)), encode: writers.field(field) }),
  };
}

function decoder<Value>(read: JsonReader): JsonCodec<Value>["decode"] {
  return (json) => {
    const reading = new JsonReading();
    const value = read(json, reading);
    if (value === malformed) {
      return { malformed: reading.failure };
    }
    return { value: value === leftOut ? undefined : (value as Value), faults: reading.faults };
  };
}
