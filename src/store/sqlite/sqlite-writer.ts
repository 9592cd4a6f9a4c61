import type { DatabaseSync } from "node:sqlite";
import type { RecordKind } from "../record-kind.ts";
import type { RowRef, StoredRow, WriteBatch } from "../store-engine.ts";
import { storeFault } from "../store-fault.ts";
import { applicationId } from "./application-id.ts";
import { SqliteBusyError } from "./sqlite-errors.ts";
import { keyToCell } from "./sqlite-key.ts";
import { type SqliteRowWriter, sqliteRowWriter } from "./sqlite-row-writer.ts";
import { prepareRows } from "./sqlite-statement.ts";

interface WritableKind {
  readonly kind: RecordKind;
  readonly rows: SqliteRowWriter;
}

/** The write transaction of a connection. Throws what the driver throws. */
export interface SqliteWriter {
  begin(): void;
  load(refs: readonly RowRef[]): readonly (StoredRow | undefined)[];
  /** Writes and commits. The transaction is over also where this throws. */
  commit(batch: WriteBatch): void;
  /** Ends the transaction, where one is open, without a trace. */
  rollback(): void;
  /** Writes something that changes nothing. Throws a SqliteBusyError while the transaction is open. */
  ping(): void;
}

/** Prepares all that writes. */
export function sqliteWriter(database: DatabaseSync, kinds: readonly RecordKind[]): SqliteWriter {
  const writable = new Map(kinds.map((kind) => [kind.name, { kind, rows: sqliteRowWriter(database, kind) }]));
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const rollback = database.prepare("ROLLBACK");
  const head = prepareRows<[number | null]>(database, "SELECT max(seq) FROM change_event");
  const insertChange = database.prepare("INSERT INTO change_event (seq, kind, key, message) VALUES (?, ?, ?, ?)");

  function kindOf({ kind }: RowRef): WritableKind {
    const found = writable.get(kind);
    if (found === undefined) {
      throw storeFault(`there is no kind ${kind}`);
    }
    return found;
  }

  function end(): void {
    try {
      if (database.isTransaction) {
        rollback.run();
      }
    } catch {
      // Where it stays open all the same, the next one cannot begin and says so. What led here is told by who called.
    }
  }

  function write({ removes, puts, changes }: WriteBatch): void {
    const before = head.get()?.[0] ?? 0;
    for (const ref of removes) {
      kindOf(ref).rows.remove(ref.key);
    }
    for (const row of puts) {
      kindOf(row).rows.put(row, before);
    }
    let seq = before;
    for (const change of changes) {
      seq++;
      insertChange.run(seq, change.kind, keyToCell(kindOf(change).kind, change.key), change.message ?? null);
    }
  }

  return {
    begin() {
      begin.run();
    },

    load: (refs) => refs.map((ref) => kindOf(ref).rows.load(ref.key)),

    commit(batch) {
      try {
        write(batch);
        commit.run();
      } catch (error) {
        end();
        throw error;
      }
    },

    rollback: end,

    ping() {
      if (database.isTransaction) {
        throw new SqliteBusyError("the connection is in a transaction");
      }
      database.exec(`PRAGMA application_id = ${applicationId}`);
    },
  };
}
