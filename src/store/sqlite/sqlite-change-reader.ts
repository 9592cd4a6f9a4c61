import type { DatabaseSync } from "node:sqlite";
import type { RecordKind } from "../record-kind.ts";
import type { ChangePage, ChangeQuery, StoredChange } from "../store-engine.ts";
import { keyFromCell, keyToCell } from "./sqlite-key.ts";
import { type Cell, prepareRows } from "./sqlite-statement.ts";

type ChangeCells = readonly [seq: number, message: Uint8Array | null, key: Cell];

/** Reads the changes of watched kinds. */
export interface SqliteChangeReader {
  head(): number;
  changes(kind: RecordKind, query: ChangeQuery): ChangePage;
}

/** @param scanLimit How many changes are looked at per call. */
export function sqliteChangeReader(database: DatabaseSync, scanLimit: number): SqliteChangeReader {
  const last = prepareRows<[number | null]>(database, "SELECT max(seq) FROM change_event");
  const select = "SELECT seq, message, key FROM change_event WHERE seq > ? AND seq <= ? AND kind = ?";
  const all = prepareRows<ChangeCells>(database, `${select} ORDER BY seq LIMIT ?`);
  const ofKey = prepareRows<ChangeCells>(database, `${select} AND key = ? ORDER BY seq LIMIT ?`);

  function head(): number {
    return last.get()?.[0] ?? 0;
  }

  return {
    head,

    changes(kind, { key, after, limit }) {
      const newest = head();
      const end = Math.min(after + scanLimit, newest);
      const rows =
        key === undefined
          ? all.all(after, end, kind.name, limit)
          : ofKey.all(after, end, kind.name, keyToCell(kind, key), limit);
      const upTo = rows.length === limit ? (rows.at(-1)?.[0] ?? end) : end;
      return { changes: rows.map((row) => toChange(kind, row)), upTo, more: upTo < newest };
    },
  };
}

function toChange(kind: RecordKind, [seq, message, key]: ChangeCells): StoredChange {
  return { seq, key: keyFromCell(kind, key), message: message ?? undefined };
}
