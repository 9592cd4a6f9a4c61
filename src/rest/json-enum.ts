import type { DescEnum } from "@bufbuild/protobuf";
import type { JsonReader } from "./json-reading.ts";

/** How an enum is read from JSON and written to it. */
export interface EnumJson {
  readonly read: JsonReader;
  readonly write: (value: unknown) => unknown;
}

/** google.protobuf.NullValue, whose one value is null in JSON. */
const nullValue: EnumJson = {
  read: (json, reading) => (json === null ? 0 : reading.fail("null")),
  write: () => null,
};

/**
 * The bare JSON form of an enum: the value's name without the prefix that it shares with the others, or its custom JSON
 * name where it has one.
 *
 * A text that names no value is not malformed but a fault, as restJson1 has it. A zero value named UNSPECIFIED is no
 * value that a client may send. A number that the enum does not define, sent by a newer server, is written as its
 * digits.
 */
export function enumJson(desc: DescEnum): EnumJson {
  if (desc.typeName === "google.protobuf.NullValue") {
    return nullValue;
  }
  const numbers = new Map<unknown, number>();
  const names = new Map<unknown, string>();
  for (const { name, number, jsonName } of desc.values) {
    const bare = jsonName === name ? name.slice(desc.sharedPrefix?.length ?? 0) : jsonName;
    names.set(number, names.get(number) ?? bare);
    if (number !== 0 || !/(?:^|_)UNSPECIFIED$/.test(name)) {
      numbers.set(bare, number);
    }
  }
  const description = `value must be one of ${[...numbers.keys()].join(", ")}`;
  return {
    read: (json, reading) => {
      if (typeof json !== "string") {
        return reading.fail("a string");
      }
      return numbers.get(json) ?? reading.fault(description, "enum.defined_only");
    },
    write: (value) => names.get(value) ?? String(value),
  };
}
