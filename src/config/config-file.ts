import { parseDocument } from "yaml";
import { launchProfilesKey } from "./launch-profiles.ts";
import type { Parsed } from "./setting.ts";

/**
 * Reads a configuration file, YAML or JSON with nested keys (`cis: { heartbeatTimeout: 15m }`), into values by dotted
 * key (`cis.heartbeatTimeout`). Launch profiles stay together, as JSON.
 */
export function parseConfigFile(text: string): Parsed<ReadonlyMap<string, string>> {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) {
    // The parser's own message quotes the file, which may hold a secret.
    const [at] = error.linePos ?? [];
    return { problem: `is not YAML: ${error.code} at line ${at?.line ?? "?"}, column ${at?.col ?? "?"}` };
  }
  const values = new Map<string, string>();
  const content: unknown = document.toJS();
  if (content === null) {
    return { value: values };
  }
  if (!isMapping(content)) {
    return { problem: "is not a mapping of keys to values" };
  }
  const problem = flatten(content, "", values);
  return problem === undefined ? { value: values } : { problem };
}

function flatten(content: Record<string, unknown>, prefix: string, values: Map<string, string>): string | undefined {
  for (const [name, value] of Object.entries(content)) {
    const key = `${prefix}${name}`;
    if (key === launchProfilesKey) {
      values.set(key, JSON.stringify(value));
    } else if (isMapping(value)) {
      const problem = flatten(value, `${key}.`, values);
      if (problem !== undefined) {
        return problem;
      }
    } else if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      values.set(key, String(value));
    } else {
      return `has neither a text, a number nor a boolean at ${key}`;
    }
  }
  return undefined;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
