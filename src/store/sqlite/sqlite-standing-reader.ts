import type { DatabaseSync } from "node:sqlite";
import type { RecordKind } from "../record-kind.ts";
import type { StandingPage, StandingQuery, StandingRow } from "../store-engine.ts";
import { keyEquals } from "./key-equals.ts";
import { keyFromCells, keyToCells } from "./sqlite-key.ts";
import { type Cell, prepareRows } from "./sqlite-statement.ts";

type StandingCells = readonly [position: number, message: Uint8Array, ...key: Cell[]];

/**
 * Reads the rows of a watched kind as they stand.
 *
 * @param scanLimit How many rows are looked at per call.
 */
export function sqliteStandingReader(
  database: DatabaseSync,
  kind: RecordKind,
  scanLimit: number,
): (query: StandingQuery) => StandingPage {
  const select = `SELECT position, message, ${kind.key.map(({ name }) => name).join(", ")} FROM ${kind.name}`;
  const some = prepareRows<StandingCells>(
    database,
    `${select} WHERE position > ? AND position <= ? AND seq <= ? ORDER BY position LIMIT ?`,
  );
  const one = prepareRows<StandingCells>(database, `${select} WHERE ${keyEquals(kind)} AND position > ? AND seq <= ?`);

  function toRow([position, message, ...key]: StandingCells): StandingRow {
    return { key: keyFromCells(kind, key), position, message };
  }

  return ({ key, changedUpTo, after, limit }) => {
    if (key !== undefined) {
      return { rows: one.all(...keyToCells(kind, key), after, changedUpTo).map(toRow), next: undefined };
    }
    // Positions are sequence numbers of changes, of which no two rows share one.
    const end = Math.min(after + scanLimit, changedUpTo);
    const rows = some.all(after, end, changedUpTo, limit).map(toRow);
    const upTo = rows.length === limit ? (rows.at(-1)?.position ?? end) : end;
    return { rows, next: upTo < changedUpTo ? upTo : undefined };
  };
}
