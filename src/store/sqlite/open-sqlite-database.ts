import { DatabaseSync } from "node:sqlite";
import { GatewayError } from "../../domain/errors.ts";
import { schemaVersion } from "./schema-version.ts";
import { prepareRows } from "./sqlite-statement.ts";

/** How long opening may wait for another process that opens or migrates the same file, in milliseconds. */
const openTimeoutMs = 5000;

/** PRAGMA synchronous reads back FULL as this number. */
const full = 2;

/**
 * A connection that loses nothing: each commit is on the disk before it returns. A read-only connection gets the same
 * settings, for none of them may depend on which connection it is.
 *
 * @param path ":memory:" or a file, which is created where there is none and the connection is not read-only.
 * @param cacheKib How much of the database the connection may hold in memory, in KiB.
 * @throws GatewayError as schemaVersion(), or `internal` where the file cannot be kept safe; otherwise what the driver throws.
 */
export function openSqliteDatabase(
  path: string,
  { readOnly, cacheKib }: { readonly readOnly: boolean; readonly cacheKib: number },
): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly, timeout: openTimeoutMs });
  try {
    if (!readOnly) {
      // Another program's file must not be touched, and WAL is a property of the file.
      schemaVersion(database);
      database.exec("PRAGMA journal_mode = WAL");
    }
    database.exec(`
      PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON;
      PRAGMA checkpoint_fullfsync = ON;
      PRAGMA cache_size = -${cacheKib};
      PRAGMA wal_autocheckpoint = 4000;
      PRAGMA mmap_size = 0;
      PRAGMA temp_store = MEMORY;
      PRAGMA trusted_schema = OFF;
    `);
    checkDurability(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Some file systems cannot do WAL, and a pragma that is not obeyed raises no error. */
function checkDurability(database: DatabaseSync, path: string): void {
  const journalMode = prepareRows<[string]>(database, "PRAGMA journal_mode").get()?.[0];
  const synchronous = prepareRows<[number]>(database, "PRAGMA synchronous").get()?.[0];
  const expected = path === ":memory:" ? "memory" : "wal";
  if (journalMode !== expected || synchronous !== full) {
    throw new GatewayError("internal", "The store cannot be opened in a way that loses nothing.", {
      cause: new Error(`journal_mode is ${journalMode}, synchronous is ${synchronous}`),
    });
  }
}
