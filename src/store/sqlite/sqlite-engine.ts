import type { StoreEngine } from "../store-engine.ts";
import { retryWhileBusy } from "./retry-while-busy.ts";
import { sqliteFailure } from "./sqlite-errors.ts";
import type { SqliteReader } from "./sqlite-reader.ts";
import type { SqliteWriter } from "./sqlite-writer.ts";

/** An engine over the connections of one database, which work on the calling thread. */
export function sqliteEngine(writer: SqliteWriter, reader: SqliteReader, close: () => void): StoreEngine {
  /** Does what belongs to the transaction, which is over where it fails. */
  function inTransaction<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      writer.rollback();
      throw sqliteFailure(error);
    }
  }

  return {
    begin: (refs) =>
      retryWhileBusy(() => {
        writer.begin();
        return inTransaction(() => writer.load(refs));
      }),
    load: async (refs) => inTransaction(() => writer.load(refs)),
    commit: async (batch) => inTransaction(() => writer.commit(batch)),
    rollback: async () => writer.rollback(),
    get: (ref) => retryWhileBusy(() => reader.get(ref)),
    page: (query) => retryWhileBusy(() => reader.page(query)),
    standing: (query) => retryWhileBusy(() => reader.standing(query)),
    changes: (query) => retryWhileBusy(() => reader.changes(query)),
    head: () => retryWhileBusy(() => reader.head()),
    due: (now, limit) => retryWhileBusy(() => reader.due(now, limit)),
    nextDueAt: () => retryWhileBusy(() => reader.nextDueAt()),
    ping: () => retryWhileBusy(() => writer.ping()),
    close: async () => close(),
  };
}
