import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { textToJson } from "../../rest/text-json.ts";
import { elementType, isStructure } from "./field-type.ts";
import { type Loaded, loadArgument } from "./load-text.ts";
import type { Parsed } from "./parsed.ts";
import type { ShorthandStructure, ShorthandValue } from "./shorthand.ts";
import { unknownMember } from "./unknown-members.ts";

/** Thrown inside this file only, to leave the descent at the first problem. */
class TypeProblem extends Error {}

/** The JSON of a structure or a map that was given in shorthand. A problem names the member. */
export function shorthandToJson(field: DescField, value: ShorthandStructure): Parsed<unknown> {
  try {
    return { value: field.fieldKind === "map" ? mapJson(field, value, "") : elementJson(field, value, "") };
  } catch (error) {
    if (error instanceof TypeProblem) {
      return { problem: error.message };
    }
    throw error;
  }
}

function structureJson(desc: DescMessage, { members }: ShorthandStructure, path: string): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const [name, value] of members) {
    const field = desc.fields.find(({ jsonName }) => jsonName === name);
    const memberPath = join(path, name);
    if (field === undefined) {
      throw new TypeProblem(unknownMember(desc, memberPath, name));
    }
    json[field.jsonName] = fieldJson(field, value, memberPath);
  }
  return json;
}

function fieldJson(field: DescField, value: ShorthandValue, path: string): unknown {
  if (field.fieldKind === "list") {
    // One value is a list of one, so that `names=a` needs no brackets.
    const items = value.kind === "list" ? value.items : [value];
    return items.map((item, index) => elementJson(field, item, `${path}[${index}]`));
  }
  return field.fieldKind === "map" ? mapJson(field, value, path) : elementJson(field, value, path);
}

function mapJson(field: DescField, value: ShorthandValue, path: string): unknown {
  if (value.kind !== "structure") {
    throw new TypeProblem(`${named(path)} must be a map such as {key=value}`);
  }
  const entries = [...value.members].map(([key, each]) => [key, elementJson(field, each, join(path, key))] as const);
  return Object.fromEntries(entries);
}

function elementJson(field: DescField, value: ShorthandValue, path: string): unknown {
  const { message } = field;
  if (message !== undefined && isStructure(field)) {
    if (value.kind !== "structure") {
      throw new TypeProblem(`${named(path)} must be a structure such as {member=value}`);
    }
    return structureJson(message, value, path);
  }
  switch (value.kind) {
    case "text":
      return textToJson(field)(value.text);
    case "file":
      return loadedJson(field, loadArgument(value.location), path);
    default:
      throw new TypeProblem(`${named(path)} must be one ${elementType(field)}; a text with commas needs quotes`);
  }
}

function loadedJson(field: DescField, loaded: Parsed<Loaded>, path: string): unknown {
  if ("problem" in loaded) {
    throw new TypeProblem(`${named(path)} ${loaded.problem}`);
  }
  const json = scalarJson(field, loaded.value);
  if (json === undefined) {
    throw new TypeProblem(`${named(path)} takes no bytes, and so no fileb://`);
  }
  return json;
}

/** The JSON of a scalar that an argument gives, or undefined for bytes in place of a text. */
export function scalarJson(field: DescField, loaded: Loaded): unknown {
  if ("text" in loaded) {
    return textToJson(field)(loaded.text);
  }
  return elementType(field) === "blob" ? Buffer.from(loaded.bytes).toString("base64") : undefined;
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function named(path: string): string {
  return path === "" ? "the value" : `'${path}'`;
}
