import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { type FieldPath, fieldPath } from "./field-path.ts";
import { isTextual, isWellKnown } from "./json-well-known.ts";

/**
 * The fields of a message that a query can carry, by their key: scalars, enums, lists of them, well-known types that are
 * texts, and the same within nested messages. A message within itself, a map and a list of messages cannot be carried.
 *
 * @param taken Paths, in proto names, that the request carries elsewhere.
 */
export function queryFields(desc: DescMessage, taken: ReadonlySet<string>): ReadonlyMap<string, FieldPath> {
  const found = new Map<string, FieldPath>();

  function visit(message: DescMessage, parents: readonly DescField[], enclosing: readonly DescMessage[]): void {
    for (const field of message.fields) {
      const path = fieldPath(parents, field);
      if (taken.has(path.name)) {
        continue;
      }
      if (isText(field)) {
        found.set(path.jsonName, path);
      } else if (isNested(field) && !enclosing.includes(field.message)) {
        visit(field.message, [...parents, field], [...enclosing, field.message]);
      }
    }
  }

  visit(desc, [], [desc]);
  return found;
}

/** Whether a field's value, or each of its values, has a form that is one text. */
export function isText(field: DescField): boolean {
  switch (field.fieldKind) {
    case "scalar":
    case "enum":
      return true;
    case "list":
      return field.listKind !== "message";
    case "message":
      return isTextual(field.message);
    default:
      return false;
  }
}

function isNested(field: DescField): field is DescField & { fieldKind: "message" } {
  return field.fieldKind === "message" && !isWellKnown(field.message);
}
