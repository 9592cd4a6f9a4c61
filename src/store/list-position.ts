import { checkKey } from "./check-key.ts";
import { formatOpaque, parseOpaque } from "./opaque-text.ts";
import type { KeyValue, RecordKind } from "./record-kind.ts";
import { BadPositionError, type ListQuery } from "./session-store.ts";
import type { RowPosition } from "./store-engine.ts";

/** As ListPage.next promises. */
const maxLength = 8192;

/** A place in a list as text: with the kind and the order, so that another list does not take it for its own. */
export function formatListPosition(kind: RecordKind, position: RowPosition): string {
  return typeof position === "number"
    ? formatOpaque(["newest", kind.name, position])
    : formatOpaque(["key", kind.name, ...position]);
}

/** The place that formatListPosition() made a text of, where the query's list has such a place. */
export function parseListPosition(
  { kind, order, keyPrefix = [] }: ListQuery,
  text: string,
): RowPosition | BadPositionError {
  const [foundOrder, foundKind, ...values] = parseOpaque(text, maxLength) ?? [];
  if (foundOrder === order && foundKind === kind.name) {
    const position = order === "newest" ? rowPosition(values) : keyPosition(kind, keyPrefix, values);
    if (position !== undefined) {
      return position;
    }
  }
  return new BadPositionError("no page of this list gave out this position");
}

function rowPosition([position, ...rest]: readonly unknown[]): number | undefined {
  return Number.isSafeInteger(position) && Number(position) > 0 && rest.length === 0 ? Number(position) : undefined;
}

function keyPosition(
  kind: RecordKind,
  prefix: readonly KeyValue[],
  values: readonly unknown[],
): readonly KeyValue[] | undefined {
  const key = values.filter((value) => typeof value === "string" || typeof value === "number");
  const isKey = key.length === values.length && checkKey({ kind, key }) === undefined;
  return isKey && prefix.every((value, index) => key[index] === value) ? key : undefined;
}
