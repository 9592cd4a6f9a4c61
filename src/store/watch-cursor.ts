import { formatOpaque, parseOpaque } from "./opaque-text.ts";
import type { RecordKind } from "./record-kind.ts";
import { BadPositionError } from "./session-store.ts";

/**
 * Where a watch stands. In the first round: `head` is the sequence number up to which the round shows records as they
 * stand, and `position` that of the last record it showed. Behind it: the sequence number of the last change.
 */
export type WatchCursor =
  | { readonly round: "first"; readonly head: number; readonly position: number }
  | { readonly round: "tail"; readonly seq: number };

/** As WatchEvent.cursor promises. */
const maxLength = 1024;

/** The cursor as text, with the kind, so that a watch of another one does not take it for its own. */
export function formatWatchCursor(kind: RecordKind, cursor: WatchCursor): string {
  return cursor.round === "first"
    ? formatOpaque(["first", kind.name, cursor.head, cursor.position])
    : formatOpaque(["tail", kind.name, cursor.seq]);
}

/**
 * The cursor that formatWatchCursor() made a text of.
 *
 * @param head The sequence number of the last change: a cursor ahead of it is of no watch here.
 */
export function parseWatchCursor(kind: RecordKind, text: string, head: number): WatchCursor | BadPositionError {
  const [round, foundKind, ...numbers] = parseOpaque(text, maxLength) ?? [];
  const [first, second] = numbers;
  if (foundKind === kind.name && isSequence(first, head)) {
    if (round === "tail" && numbers.length === 1) {
      return { round, seq: first };
    }
    if (round === "first" && numbers.length === 2 && isSequence(second, first)) {
      return { round, head: first, position: second };
    }
  }
  return new BadPositionError("no watch of this kind gave out this cursor");
}

function isSequence(value: unknown, highest: number): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= highest;
}
