import { type DescField, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";

/** The JSON value that a text in a path, a query or a header spells. */
export type TextToJson = (text: string) => unknown;

const integerPattern = /^-?(?:0|[1-9][0-9]*)$/;
const numberPattern = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/;
const booleans: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["false", false],
]);

/**
 * How texts become the JSON values of a field, or of each element of it where it is a list. A text that spells no value
 * of the field stays a text, and the field's JSON reader refuses it.
 */
export function textToJson(field: DescField): TextToJson {
  const wrapped = field.message !== undefined && isWrapperDesc(field.message) ? field.message.fields[0] : undefined;
  switch (wrapped === undefined ? field.scalar : wrapped.scalar) {
    case ScalarType.BOOL:
      return (text) => booleans.get(text) ?? text;
    case ScalarType.FLOAT:
    case ScalarType.DOUBLE:
      return (text) => (numberPattern.test(text) ? Number(text) : text);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return (text) => (integerPattern.test(text) ? Number(text) : text);
    default:
      // Strings, enums, bytes, 64-bit integers and well-known types are texts in JSON too.
      return (text) => text;
  }
}
