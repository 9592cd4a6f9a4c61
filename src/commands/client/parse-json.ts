import type { Parsed } from "./parsed.ts";

/** The value of a JSON text. The problem tells the position where the runtime tells it, and nothing of the text. */
export function parseJson(text: string): Parsed<unknown> {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const position = /at position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
    return { problem: position === undefined ? "is not JSON" : `is not JSON (at ${position})` };
  }
}
