import {
  type DescMessage,
  fromJson,
  type JsonValue,
  type MessageShape,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";
import { isWrapperDesc, StructSchema, type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { type JsonReader, malformed } from "./json-reading.ts";

/** How a message with a JSON form of its own is read and written. */
export interface WellKnownJson {
  readonly read: JsonReader;
  readonly write: JsonWriter;
}

type JsonWriter = (value: unknown) => unknown;

/** The end of the year 9999, which is the last that protobuf and RFC 3339 have. */
const maxTimestampSeconds = 253_402_300_799n;

const expectations: ReadonlyMap<string, string> = new Map([
  ["google.protobuf.Any", "an object with a known @type"],
  ["google.protobuf.Timestamp", "an RFC 3339 date-time"],
  ["google.protobuf.Duration", 'a duration in seconds such as "1.5s"'],
  ["google.protobuf.FieldMask", "a string of field names"],
  ["google.protobuf.Struct", "a JSON object"],
  ["google.protobuf.Value", "a JSON value"],
  ["google.protobuf.ListValue", "a JSON array"],
]);

/** Whether a message has a JSON form of its own. */
export function isWellKnown(desc: DescMessage): boolean {
  return expectations.has(desc.typeName) || isWrapperDesc(desc);
}

/** Whether a message has a JSON form of its own that is a string, a number or a boolean, and so fits into a URL. */
export function isTextual(desc: DescMessage): boolean {
  return (
    ["google.protobuf.Timestamp", "google.protobuf.Duration", "google.protobuf.FieldMask"].includes(desc.typeName) ||
    isWrapperDesc(desc)
  );
}

/**
 * The JSON form of a well-known message, as protobuf defines it.
 *
 * @param registry Where the messages in a google.protobuf.Any are found.
 */
export function wellKnownJson(desc: DescMessage, registry: Registry | undefined): WellKnownJson {
  const options = registry === undefined ? {} : { registry };
  const write = (value: unknown) => toJson(desc, value as MessageShape<DescMessage>, options);
  const expected = expectations.get(desc.typeName) ?? "";
  return {
    read: (json, reading) => {
      try {
        return fromJson(desc, json as JsonValue, options);
      } catch {
        return reading.fail(expected);
      }
    },
    write: desc.typeName === TimestampSchema.typeName ? timestampWriter(write) : write,
  };
}

/** Times of whole milliseconds in the range of both types, which is most of them, are written by Date in half the time. */
function timestampWriter(write: JsonWriter): JsonWriter {
  return (value) => {
    const { seconds, nanos } = value as Timestamp;
    if (nanos % 1_000_000 !== 0 || nanos < 0 || nanos > 999_000_000 || seconds < 0n || seconds > maxTimestampSeconds) {
      return write(value);
    }
    const text = new Date(Number(seconds) * 1000 + nanos / 1_000_000).toISOString();
    return nanos === 0 ? `${text.slice(0, -".000Z".length)}Z` : text;
  };
}

/** Whether the fields of a message type hold JSON in place of the message: those of google.protobuf.Struct do. */
export function isHeldAsJson(desc: DescMessage): boolean {
  return desc.typeName === "google.protobuf.Struct";
}

/** The JSON form of a field that holds JSON. */
export const heldJson: WellKnownJson = {
  read: (json, reading) => {
    const message = wellKnownJson(StructSchema, undefined).read(json, reading);
    return message === malformed ? malformed : json;
  },
  write: (value) => value,
};
