import type { DatabaseSync } from "node:sqlite";
import type { RecordKind } from "../record-kind.ts";
import type { RowPage, RowPosition, RowQuery } from "../store-engine.ts";
import { type PageShape, pageSql } from "./page-sql.ts";
import { keyFromCells, keyToCells } from "./sqlite-key.ts";
import { type Cell, prepareRows, type RowsStatement } from "./sqlite-statement.ts";

/** A row of a page: its message, and its place by the order of the page: its position, or its whole key. */
type PageCells = readonly [message: Uint8Array, ...place: Cell[]];

/**
 * Reads pages of a kind.
 *
 * @param scanLimit How many rows are looked at per call.
 */
export function sqlitePageReader(
  database: DatabaseSync,
  kind: RecordKind,
  scanLimit: number,
): (query: RowQuery) => RowPage {
  const statements = new Map<string, RowsStatement<PageCells>>();

  function statement(shape: PageShape): RowsStatement<PageCells> {
    const name = JSON.stringify(shape);
    let found = statements.get(name);
    if (found === undefined) {
      found = prepareRows(database, pageSql(kind, shape));
      statements.set(name, found);
    }
    return found;
  }

  /** The last row that may be looked at, or undefined where the end comes before it. */
  function lastToScan(shape: PageShape, parameters: readonly Cell[]): PageCells | undefined {
    const unfiltered = { ...shape, filters: [], bounded: false };
    return statement(unfiltered).get(...parameters, 1, scanLimit - 1);
  }

  return (query) => {
    const shape = shapeOf(query);
    if (query.after !== undefined && query.keyPrefix.length === kind.key.length) {
      return { messages: [], next: undefined };
    }
    const start = [...keyToCells(kind, query.keyPrefix), ...placeToCells(kind, query, query.after)];
    const filters = query.filters.map(({ values }) => JSON.stringify(values));
    const last = filters.length > 0 ? lastToScan(shape, start) : undefined;
    const end = last === undefined ? [] : placeToCells(kind, query, placeOf(kind, query, last));
    const rows = statement({ ...shape, bounded: last !== undefined }).all(
      ...start,
      ...end,
      ...filters,
      query.limit + 1,
      0,
    );
    const lastGiven = rows.length > query.limit ? rows[query.limit - 1] : last;
    return {
      messages: rows.slice(0, query.limit).map(([message]) => message),
      next: lastGiven && placeOf(kind, query, lastGiven),
    };
  };
}

function shapeOf({ order, keyPrefix, filters, after }: RowQuery): PageShape {
  return {
    order,
    prefixLength: keyPrefix.length,
    after: after !== undefined,
    bounded: false,
    filters: filters.map(({ column }) => column),
  };
}

/** What a place is compared by: a key without the prefix that all rows share. */
function placeToCells(kind: RecordKind, { keyPrefix }: RowQuery, place: RowPosition | undefined): Cell[] {
  if (place === undefined) {
    return [];
  }
  return typeof place === "number" ? [place] : keyToCells(kind, place).slice(keyPrefix.length);
}

function placeOf(kind: RecordKind, { order }: RowQuery, [, ...place]: PageCells): RowPosition {
  return order === "newest" ? Number(place[0]) : keyFromCells(kind, place);
}
