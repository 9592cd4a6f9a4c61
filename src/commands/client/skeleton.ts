import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { enumNames } from "./field-limits.ts";
import { elementType, isStructure } from "./field-type.ts";

type Json = Readonly<Record<string, unknown>>;

/** A request with every member, to be filled in: texts are empty, numbers 0, enums their first value. */
export function inputSkeleton(desc: DescMessage): Json {
  return structure(desc, () => "", []);
}

/** An answer with every member, where each text is the name of its member. */
export function outputSample(desc: DescMessage): Json {
  return structure(desc, ({ jsonName }) => jsonName, []);
}

type TextOf = (field: DescField) => string;

/** A message that encloses itself is empty there. Of the members of a oneof only the first can be given. */
function structure(desc: DescMessage, textOf: TextOf, enclosing: readonly DescMessage[]): Json {
  if (enclosing.includes(desc)) {
    return {};
  }
  const fields = desc.fields.filter((field) => field.oneof === undefined || field.oneof.fields[0] === field);
  return Object.fromEntries(fields.map((field) => [field.jsonName, memberValue(field, textOf, [...enclosing, desc])]));
}

function memberValue(field: DescField, textOf: TextOf, enclosing: readonly DescMessage[]): unknown {
  switch (field.fieldKind) {
    case "list":
      return [elementOf(field, textOf, enclosing)];
    case "map":
      return { [mapKeyOf(field.mapKey)]: elementOf(field, textOf, enclosing) };
    default:
      return elementOf(field, textOf, enclosing);
  }
}

function elementOf(field: DescField, textOf: TextOf, enclosing: readonly DescMessage[]): unknown {
  if (field.message !== undefined && isStructure(field)) {
    return structure(field.message, textOf, enclosing);
  }
  switch (elementType(field)) {
    case "enum":
      return enumNames(field)[0];
    case "string":
      return textOf(field);
    case "blob":
      return Buffer.from(textOf(field)).toString("base64");
    case "boolean":
      return true;
    case "long":
      return isWrapped(field) ? "0" : 0;
    case "timestamp":
      return "1970-01-01T00:00:00Z";
    case "duration":
      return "0s";
    case "document":
      return field.message?.typeName === "google.protobuf.ListValue" ? [] : {};
    default:
      return 0;
  }
}

/** protobuf spells a wrapped 64-bit integer as a string. */
function isWrapped({ message }: DescField): boolean {
  return message !== undefined && isWrapperDesc(message);
}

function mapKeyOf(type: ScalarType): string {
  switch (type) {
    case ScalarType.STRING:
      return "KeyName";
    case ScalarType.BOOL:
      return "true";
    default:
      return "0";
  }
}
