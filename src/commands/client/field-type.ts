import { type DescField, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";

const scalarNames: Readonly<Record<ScalarType, string>> = {
  [ScalarType.STRING]: "string",
  [ScalarType.BOOL]: "boolean",
  [ScalarType.BYTES]: "blob",
  [ScalarType.DOUBLE]: "double",
  [ScalarType.FLOAT]: "float",
  [ScalarType.INT32]: "integer",
  [ScalarType.SINT32]: "integer",
  [ScalarType.SFIXED32]: "integer",
  [ScalarType.UINT32]: "integer",
  [ScalarType.FIXED32]: "integer",
  [ScalarType.INT64]: "long",
  [ScalarType.SINT64]: "long",
  [ScalarType.SFIXED64]: "long",
  [ScalarType.UINT64]: "long",
  [ScalarType.FIXED64]: "long",
};

const wellKnownNames: ReadonlyMap<string, string> = new Map([
  ["google.protobuf.Timestamp", "timestamp"],
  ["google.protobuf.Duration", "duration"],
  ["google.protobuf.FieldMask", "string"],
  ["google.protobuf.Struct", "document"],
  ["google.protobuf.Value", "document"],
  ["google.protobuf.ListValue", "document"],
  ["google.protobuf.Any", "document"],
]);

/** The type of a field, or of each element where it is a list or a map, as help names it. */
export function elementType(field: DescField): string {
  if (field.enum !== undefined) {
    return "enum";
  }
  if (field.message === undefined) {
    return scalarNames[field.scalar ?? ScalarType.STRING];
  }
  const [wrapped] = isWrapperDesc(field.message) ? field.message.fields : [];
  return wrapped === undefined ? (wellKnownNames.get(field.message.typeName) ?? "structure") : elementType(wrapped);
}

/** The type of a field, as help names it: `string`, `list of enum`, `map of string`. */
export function fieldType(field: DescField): string {
  switch (field.fieldKind) {
    case "list":
      return `list of ${elementType(field)}`;
    case "map":
      return `map of ${elementType(field)}`;
    default:
      return elementType(field);
  }
}

/** Whether the field's value has members of its own that are named one by one. */
export function isStructure(field: DescField): boolean {
  return elementType(field) === "structure";
}

/** Whether the field is a structure without members, so that there is nothing to say but that it is there. */
export function isEmptyStructure(field: DescField): boolean {
  return isStructure(field) && field.message?.fields.length === 0;
}
