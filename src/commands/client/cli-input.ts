import type { DescMessage } from "@bufbuild/protobuf";
import type { JsonCodecs } from "../../rest/json-codec.ts";
import { loadText } from "./load-text.ts";
import { parseJson } from "./parse-json.ts";
import type { Parsed } from "./parsed.ts";
import { unknownMembers } from "./unknown-members.ts";

/** How a whole request is given. */
export type CliInputFormat = "json" | "yaml";

type Members = Readonly<Record<string, unknown>>;

/**
 * The members of a request that are given as one text or as `file://PATH`, in JSON or YAML. The problem reads on behind
 * the name of the flag.
 */
export async function readCliInput(
  desc: DescMessage,
  format: CliInputFormat,
  given: string,
  codecs: JsonCodecs,
): Promise<Parsed<Members>> {
  const text = loadText(given);
  if ("problem" in text) {
    return text;
  }
  const parsed = format === "json" ? parseJson(text.value) : await parseYaml(text.value);
  if ("problem" in parsed) {
    return parsed;
  }
  const unknown = unknownMembers(desc, parsed.value);
  if (unknown.length > 0) {
    return { problem: `is wrong: ${unknown.join("; ")}` };
  }
  const decoded = codecs.message(desc).decode(parsed.value);
  if ("malformed" in decoded) {
    const { path, expected } = decoded.malformed;
    return { problem: path === "" ? `must be ${expected}` : `is wrong: the value at '${path}' must be ${expected}` };
  }
  if (decoded.faults.length > 0) {
    const faults = decoded.faults.map(({ field, description }) => `${field}: ${description}`);
    return { problem: `is wrong: ${faults.join("; ")}` };
  }
  return { value: parsed.value as Members };
}

/** An alias may stand for much, which the library bounds. */
async function parseYaml(text: string): Promise<Parsed<unknown>> {
  const { parseDocument } = await import("yaml");
  const document = parseDocument(text, { prettyErrors: false, logLevel: "silent" });
  const [error] = document.errors;
  if (error !== undefined) {
    // The library's messages may show the text.
    return { problem: `is not YAML (at ${error.pos[0]})` };
  }
  try {
    return { value: document.toJS() };
  } catch {
    return { problem: "is not YAML that can be read" };
  }
}
