import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { isStructure } from "./field-type.ts";
import { nearestName } from "./nearest-name.ts";

/**
 * What is wrong with the names of the members in a message's JSON: one text for each that the message does not have. The
 * service would pass over them in silence.
 */
export function unknownMembers(desc: DescMessage, json: unknown, path = ""): readonly string[] {
  if (!isObject(json)) {
    return [];
  }
  return Object.entries(json).flatMap(([name, value]) => {
    const field = desc.fields.find(({ jsonName }) => jsonName === name);
    const memberPath = path === "" ? name : `${path}.${name}`;
    return field === undefined ? [unknownMember(desc, memberPath, name)] : unknownWithin(field, value, memberPath);
  });
}

/** The same for the JSON of a field's value. */
export function unknownWithin(field: DescField, json: unknown, path = ""): readonly string[] {
  const { message } = field;
  if (message === undefined || !isStructure(field)) {
    return [];
  }
  if (field.fieldKind === "list" && Array.isArray(json)) {
    return json.flatMap((element, index) => unknownMembers(message, element, `${path}[${index}]`));
  }
  if (field.fieldKind === "map" && isObject(json)) {
    return Object.entries(json).flatMap(([key, value]) => unknownMembers(message, value, `${path}[${key}]`));
  }
  return field.fieldKind === "message" ? unknownMembers(message, json, path) : [];
}

/** Says that there is no such member, and which one may be meant. */
export function unknownMember({ fields }: DescMessage, path: string, name: string): string {
  const names = fields.map(({ jsonName }) => jsonName);
  const nearest = nearestName(name, names);
  const hint = nearest === undefined ? `there are ${names.join(", ")}` : `did you mean ${nearest}?`;
  return `there is no member '${path}' (${hint})`;
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
