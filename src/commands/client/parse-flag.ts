import type { DescField } from "@bufbuild/protobuf";
import type { JsonCodecs } from "../../rest/json-codec.ts";
import { elementType, isStructure } from "./field-type.ts";
import { loadArgument } from "./load-text.ts";
import { parseJson } from "./parse-json.ts";
import type { Parsed } from "./parsed.ts";
import { parseShorthand } from "./shorthand.ts";
import { scalarJson, shorthandToJson } from "./shorthand-json.ts";
import { unknownWithin } from "./unknown-members.ts";

/** What was given behind a flag: a text, several, or nothing but the flag. */
export type FlagArguments = string | readonly string[] | boolean;

/**
 * The JSON value of a field by what was given behind its flag:
 *
 * - a scalar or an enum: its text, or `file://PATH`; for bytes base64, or `fileb://PATH`
 * - a list: several of them, or one JSON array
 * - a structure or a map: JSON or shorthand, also by `file://PATH`
 *
 * The problem reads on behind the name of the flag.
 */
export function parseFlag(field: DescField, given: FlagArguments, codecs: JsonCodecs): Parsed<unknown> {
  const json = flagJson(field, given);
  if ("problem" in json) {
    return json;
  }
  const [unknown] = unknownWithin(field, json.value);
  if (unknown !== undefined) {
    return { problem: `is wrong: ${unknown}` };
  }
  const decoded = codecs.field(field).decode(json.value);
  if ("malformed" in decoded) {
    const { path, expected } = decoded.malformed;
    return { problem: path === "" ? `must be ${expected}` : `is wrong: the value at '${path}' must be ${expected}` };
  }
  const [fault] = decoded.faults;
  return fault === undefined ? json : { problem: `is wrong: ${fault.field} ${fault.description}`.replace("  ", " ") };
}

function flagJson(field: DescField, given: FlagArguments): Parsed<unknown> {
  if (typeof given === "boolean") {
    return { value: isStructure(field) ? {} : given };
  }
  if (typeof given === "string") {
    return field.fieldKind === "map" ? compoundJson(field, given, "{") : elementJson(field, given);
  }
  return listJson(field, given);
}

function listJson(field: DescField, given: readonly string[]): Parsed<unknown> {
  const [only] = given;
  if (given.length === 1 && only !== undefined) {
    const loaded = loadArgument(only);
    if ("problem" in loaded) {
      return loaded;
    }
    if ("text" in loaded.value && loaded.value.text.trimStart().startsWith("[")) {
      return parseJson(loaded.value.text);
    }
  }
  const values: unknown[] = [];
  for (const each of given) {
    const value = elementJson(field, each);
    if ("problem" in value) {
      return value;
    }
    values.push(value.value);
  }
  return { value: values };
}

function elementJson(field: DescField, given: string): Parsed<unknown> {
  if (isStructure(field)) {
    return compoundJson(field, given, "{");
  }
  const loaded = loadArgument(given);
  if ("problem" in loaded) {
    return loaded;
  }
  if (elementType(field) === "document") {
    return "text" in loaded.value ? parseJson(loaded.value.text) : { problem: "takes no bytes, and so no fileb://" };
  }
  const json = scalarJson(field, loaded.value);
  return json === undefined ? { problem: "takes no bytes, and so no fileb://" } : { value: json };
}

/** A structure or a map: JSON where it begins as JSON does, else shorthand. */
function compoundJson(field: DescField, given: string, jsonStart: string): Parsed<unknown> {
  const loaded = loadArgument(given);
  if ("problem" in loaded) {
    return loaded;
  }
  if (!("text" in loaded.value)) {
    return { problem: "takes no bytes, and so no fileb://" };
  }
  const text = loaded.value.text.trim();
  if (text.startsWith(jsonStart)) {
    return parseJson(text);
  }
  const shorthand = parseShorthand(text);
  if ("problem" in shorthand) {
    return { problem: `is neither JSON nor shorthand such as member=value: ${shorthand.problem}` };
  }
  const json = shorthandToJson(field, shorthand.value);
  return "problem" in json ? { problem: `is wrong: ${json.problem}` } : json;
}
