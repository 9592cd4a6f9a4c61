import type { RecordKind } from "../record-kind.ts";

/** What the SQL of a page depends on. */
export interface PageShape {
  readonly order: "newest" | "key";
  /** How many values of the key all rows share. */
  readonly prefixLength: number;
  /** Whether the page begins behind a row. */
  readonly after: boolean;
  /** Whether the page ends with a row. */
  readonly bounded: boolean;
  /** The columns that are filtered by. */
  readonly filters: readonly string[];
}

/**
 * Selects the message and the place of rows. Its parameters, each where the shape has it: the values of the prefix, of the place
 * behind which it begins, of the place with which it ends, a JSON array of values per filter; the limit and the offset.
 */
export function pageSql(kind: RecordKind, shape: PageShape): string {
  const keyNames = kind.key.map(({ name }) => name);
  const newest = shape.order === "newest";
  const place = newest ? ["position"] : keyNames.slice(shape.prefixLength);
  const [behind, upTo] = newest ? ["<", ">="] : [">", "<="];
  const conditions = [
    ...keyNames.slice(0, shape.prefixLength).map((name) => `${name} = ?`),
    ...(shape.after ? [compare(place, behind)] : []),
    ...(shape.bounded && place.length > 0 ? [compare(place, upTo)] : []),
    ...shape.filters.map((name) => `${name} IN (SELECT value FROM json_each(?))`),
  ];
  const where = conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : "";
  const selected = ["message", ...(newest ? place : keyNames)].join(", ");
  const order = newest ? "position DESC" : keyNames.join(", ");
  return `SELECT ${selected} FROM ${kind.name} ${where} ORDER BY ${order} LIMIT ? OFFSET ?`;
}

function compare(columns: readonly string[], operator: string | undefined): string {
  return `(${columns.join(", ")}) ${operator} (${columns.map(() => "?").join(", ")})`;
}
