import { ScalarType } from "@bufbuild/protobuf";
import type { JsonReader } from "./json-reading.ts";

const maxFloat = 3.4028234663852886e38;
const integerPattern = /^-?(?:0|[1-9][0-9]{0,19})$/;

/** How a scalar is read from JSON and written to it. */
export interface ScalarJson {
  readonly read: JsonReader;
  readonly write: (value: unknown) => unknown;
}

/**
 * The JSON form of a scalar type in restJson1 spelling: what protobuf's JSON form accepts beside it (numbers as strings,
 * base64 in the URL alphabet) is refused. 64-bit integers are read from strings and safe integers and written as strings.
 *
 * @param longAsString Whether messages hold 64-bit integers as strings in place of bigints.
 */
export function scalarJson(type: ScalarType, longAsString: boolean): ScalarJson {
  switch (type) {
    case ScalarType.STRING:
      return { read: readString, write: (value) => value };
    case ScalarType.BOOL:
      return { read: readBool, write: (value) => value };
    case ScalarType.BYTES:
      return { read: readBytes, write: writeBytes };
    case ScalarType.FLOAT:
      return { read: floatReader(maxFloat, "a 32-bit float"), write: writeFloat };
    case ScalarType.DOUBLE:
      return { read: floatReader(Number.MAX_VALUE, "a number"), write: writeFloat };
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return { read: integerReader(-(2 ** 31), 2 ** 31 - 1), write: (value) => value };
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { read: integerReader(0, 2 ** 32 - 1), write: (value) => value };
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return { read: longReader(0n, 2n ** 64n - 1n, longAsString), write: String };
    default:
      return { read: longReader(-(2n ** 63n), 2n ** 63n - 1n, longAsString), write: String };
  }
}

const readString: JsonReader = (json, reading) => {
  if (typeof json !== "string") {
    return reading.fail("a string");
  }
  // A lone surrogate has no UTF-8 form, so that what is checked would not be what is kept.
  return json.isWellFormed() ? json : reading.fail("a string of Unicode characters");
};

const readBool: JsonReader = (json, reading) => (typeof json === "boolean" ? json : reading.fail("true or false"));

/** Encoding again finds every liberty that Node's decoder takes: alphabet, padding, spaces and stray bits. */
const readBytes: JsonReader = (json, reading) => {
  if (typeof json !== "string") {
    return reading.fail("a base64 string");
  }
  const bytes = Buffer.from(json, "base64");
  if (bytes.toString("base64") !== json) {
    return reading.fail("base64 in the standard alphabet with padding");
  }
  return new Uint8Array(bytes);
};

function writeBytes(value: unknown): string {
  const { buffer, byteOffset, byteLength } = value as Uint8Array;
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

function integerReader(min: number, max: number): JsonReader {
  const expected = `an integer from ${min} to ${max}`;
  return (json, reading) =>
    // Adding 0 turns -0, which JSON can spell and an integer cannot be, into 0.
    Number.isInteger(json) && (json as number) >= min && (json as number) <= max
      ? (json as number) + 0
      : reading.fail(expected);
}

function longReader(min: bigint, max: bigint, longAsString: boolean): JsonReader {
  const expected = `an integer from ${min} to ${max}`;
  return (json, reading) => {
    const isText = typeof json === "string" && integerPattern.test(json);
    if (!isText && !Number.isSafeInteger(json)) {
      return reading.fail(expected);
    }
    const value = BigInt(json as string | number);
    if (value < min || value > max) {
      return reading.fail(expected);
    }
    return longAsString ? String(value) : value;
  };
}

/** restJson1 and protobuf spell the numbers that JSON has no literals for in the same three strings. */
const nonFinite: ReadonlyMap<unknown, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

function floatReader(max: number, expected: string): JsonReader {
  return (json, reading) => {
    if (typeof json === "number" && Math.abs(json) <= max) {
      return json;
    }
    return nonFinite.get(json) ?? reading.fail(expected);
  };
}

function writeFloat(value: unknown): unknown {
  return Number.isFinite(value) ? value : String(value);
}
