import { type DescField, type DescMessage, isFieldSet, type MessageShape } from "@bufbuild/protobuf";
import { fieldGetter } from "./field-path.ts";
import { isWellKnown } from "./json-well-known.ts";

type AnyMessage = MessageShape<DescMessage>;
type Properties = Record<string, unknown>;

/**
 * Takes out of a message's JSON, at any depth, what the message does not say: of fields without presence numbers that are
 * 0, booleans that are false, and empty lists and maps. An answer tells them; in a request they would be values that
 * nobody gave, and that limits may forbid.
 */
export function dropUnset(desc: DescMessage, message: AnyMessage, json: Properties): void {
  for (const field of desc.fields) {
    if (!isFieldSet(message, field)) {
      delete json[field.jsonName];
    } else {
      dropUnsetOfField(field, fieldGetter(field)(message), json[field.jsonName]);
    }
  }
}

/** The same for the JSON of one field: of a message, or of each message in a list or a map. */
export function dropUnsetOfField(field: DescField, value: unknown, json: unknown): void {
  const desc = field.message;
  if (desc === undefined || isWellKnown(desc) || json === undefined) {
    return;
  }
  if (field.fieldKind === "message") {
    dropUnset(desc, value as AnyMessage, json as Properties);
    return;
  }
  // Lists and maps have the same keys in the message and in its JSON.
  for (const [key, element] of Object.entries(value as Readonly<Record<string, AnyMessage>>)) {
    dropUnset(desc, element, (json as Readonly<Record<string, Properties>>)[key] ?? {});
  }
}
