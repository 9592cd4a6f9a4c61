import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { KeyValue, RecordKind } from "../record-kind.ts";
import { noChange, type RowPlace, type RowPut, type StoredRow } from "../store-engine.ts";
import { keyEquals } from "./key-equals.ts";
import { rowLoad } from "./row-load.ts";
import { keyToCells } from "./sqlite-key.ts";
import type { Cell } from "./sqlite-statement.ts";

/** Writes the rows of one kind. */
export interface SqliteRowWriter {
  load(key: readonly KeyValue[]): StoredRow | undefined;
  remove(key: readonly KeyValue[]): void;
  /** @param head The sequence number of the last change before this batch. */
  put(row: RowPut, head: number): void;
}

/** Prepares all that writes rows of a kind. */
export function sqliteRowWriter(database: DatabaseSync, kind: RecordKind): SqliteRowWriter {
  const statements = prepareStatements(database, kind);

  /** The cells that change with each put, and the message. */
  function stateCells(row: RowPut, head: number, withDueAt: boolean): Cell[] {
    const cells: Cell[] = [...row.columns];
    if (withDueAt) {
      cells.push(row.dueAt ?? null);
    }
    if (kind.watched) {
      cells.push(head + 1 + row.lastChange);
    }
    cells.push(row.message);
    return cells;
  }

  function make(statement: StatementSync, row: RowPut, head: number): void {
    const position = kind.watched ? head + 1 + row.firstChange : null;
    statement.run(position, ...keyToCells(kind, row.key), ...stateCells(row, head, kind.timed));
  }

  /** A row that falls due when it did before keeps its place in the index, which costs most of an update. */
  function replace(row: RowPut, { position, dueAt }: RowPlace, head: number): void {
    if (kind.watched && row.lastChange === noChange) {
      statements.move.run(row.dueAt ?? null, position);
      return;
    }
    const withDueAt = kind.timed && row.dueAt !== dueAt;
    const statement = withDueAt ? statements.replaceAndMove : statements.replace;
    statement.run(...stateCells(row, head, withDueAt), position);
  }

  return {
    load: rowLoad(database, kind),

    remove(key) {
      statements.remove.run(...keyToCells(kind, key));
    },

    put(row, head) {
      if (row.before === "absent") {
        make(statements.insert, row, head);
      } else if (row.before === "unknown") {
        make(statements.upsert, row, head);
      } else {
        replace(row, row.before, head);
      }
    },
  };
}

function prepareStatements(database: DatabaseSync, kind: RecordKind) {
  const keyNames = kind.key.map(({ name }) => name);
  const columnNames = kind.columns.map(({ name }) => name);
  const unmoved = [...columnNames, ...(kind.watched ? ["seq"] : []), "message"];
  const state = [...columnNames, ...(kind.timed ? ["due_at"] : []), ...unmoved.slice(columnNames.length)];
  const all = ["position", ...keyNames, ...state];
  const insert = `INSERT INTO ${kind.name} (${all.join(", ")}) VALUES (${all.map(() => "?").join(", ")})`;
  const upsert = `${insert} ON CONFLICT (${keyNames.join(", ")}) DO UPDATE SET ${state.map((name) => `${name} = excluded.${name}`).join(", ")}`;
  const update = (names: readonly string[]) =>
    `UPDATE ${kind.name} SET ${names.map((name) => `${name} = ?`).join(", ")} WHERE position = ?`;
  return {
    insert: database.prepare(insert),
    upsert: database.prepare(upsert),
    replace: database.prepare(update(unmoved)),
    move: database.prepare(kind.timed ? update(["due_at"]) : update(unmoved)),
    replaceAndMove: database.prepare(update(state)),
    remove: database.prepare(`DELETE FROM ${kind.name} WHERE ${keyEquals(kind)}`),
  };
}
