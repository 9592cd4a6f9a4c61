import type { DatabaseSync } from "node:sqlite";
import type { RecordKind } from "../record-kind.ts";
import type { DueRow } from "../store-engine.ts";
import { keyFromCells } from "./sqlite-key.ts";
import { type Cell, prepareRows } from "./sqlite-statement.ts";

type DueCells = readonly [dueAt: number, ...key: Cell[]];

/** Reads when rows fall due. */
export interface SqliteDueReader {
  due(now: number, limit: number): readonly DueRow[];
  nextDueAt(): number | undefined;
}

/** @param kinds Those that are timed, each with a partial index on due_at. */
export function sqliteDueReader(database: DatabaseSync, kinds: readonly RecordKind[]): SqliteDueReader {
  const readers = kinds.map((kind) => ({
    kind,
    due: prepareRows<DueCells>(
      database,
      `SELECT due_at, ${kind.key.map(({ name }) => name).join(", ")} FROM ${kind.name} WHERE due_at <= ? ORDER BY due_at LIMIT ?`,
    ),
    next: prepareRows<[number]>(
      database,
      `SELECT due_at FROM ${kind.name} WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1`,
    ),
  }));

  return {
    due(now, limit) {
      const rows = readers.flatMap(({ kind, due }) =>
        due.all(now, limit).map(([dueAt, ...key]) => ({ kind: kind.name, key: keyFromCells(kind, key), dueAt })),
      );
      return rows.sort((one, other) => one.dueAt - other.dueAt).slice(0, limit);
    },

    nextDueAt() {
      const times = readers.flatMap(({ next }) => next.get()?.[0] ?? []);
      return times.length === 0 ? undefined : Math.min(...times);
    },
  };
}
