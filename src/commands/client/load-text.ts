import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Parsed } from "./parsed.ts";

const textPrefix = "file://";
const bytesPrefix = "fileb://";

/** What an argument gives: a text, which may come from a file, or the bytes of a file. */
export type Loaded = { readonly text: string } | { readonly bytes: Uint8Array };

/**
 * The value of an argument: the argument itself, the text of `file://PATH`, or the bytes of `fileb://PATH`. A path is
 * relative to the working directory, and may begin with `~/`.
 */
export function loadArgument(argument: string): Parsed<Loaded> {
  if (argument.startsWith(bytesPrefix)) {
    const bytes = readPath(argument.slice(bytesPrefix.length));
    return "problem" in bytes ? bytes : { value: { bytes: bytes.value } };
  }
  if (!argument.startsWith(textPrefix)) {
    return { value: { text: argument } };
  }
  const bytes = readPath(argument.slice(textPrefix.length));
  if ("problem" in bytes) {
    return bytes;
  }
  try {
    return { value: { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes.value) } };
  } catch {
    return { problem: "names a file that is not text in UTF-8; fileb:// loads bytes" };
  }
}

/** The text of an argument that cannot be bytes. */
export function loadText(argument: string): Parsed<string> {
  const loaded = loadArgument(argument);
  if ("problem" in loaded) {
    return loaded;
  }
  return "text" in loaded.value ? { value: loaded.value.text } : { problem: "takes no bytes, and so no fileb://" };
}

function readPath(path: string): Parsed<Buffer> {
  try {
    return { value: readFileSync(path.startsWith("~/") ? join(homedir(), path.slice(2)) : path) };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    return { problem: `names the file ${path}, which cannot be read: ${code}` };
  }
}
