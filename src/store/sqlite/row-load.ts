import type { DatabaseSync } from "node:sqlite";
import type { KeyValue, RecordKind } from "../record-kind.ts";
import type { StoredRow } from "../store-engine.ts";
import { keyEquals } from "./key-equals.ts";
import { keyToCells } from "./sqlite-key.ts";
import { prepareRows } from "./sqlite-statement.ts";

type LoadedCells = readonly [position: number, dueAt: number | null, message: Uint8Array];

/** Prepares what loads the row of a key. */
export function rowLoad(database: DatabaseSync, kind: RecordKind): (key: readonly KeyValue[]) => StoredRow | undefined {
  const dueAt = kind.timed ? "due_at" : "NULL";
  const sql = `SELECT position, ${dueAt}, message FROM ${kind.name} WHERE ${keyEquals(kind)}`;
  const statement = prepareRows<LoadedCells>(database, sql);
  return (key) => toRow(statement.get(...keyToCells(kind, key)));
}

function toRow(cells: LoadedCells | undefined): StoredRow | undefined {
  if (cells === undefined) {
    return undefined;
  }
  const [position, dueAt, message] = cells;
  return { position, dueAt: dueAt ?? undefined, message };
}
