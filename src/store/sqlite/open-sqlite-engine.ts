import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { GatewayError } from "../../domain/errors.ts";
import type { RecordKind } from "../record-kind.ts";
import { recordKinds } from "../record-kinds.ts";
import type { StoreEngine } from "../store-engine.ts";
import { type Migration, migrateSqlite } from "./migrate-sqlite.ts";
import { openSqliteDatabase } from "./open-sqlite-database.ts";
import { sqliteEngine } from "./sqlite-engine.ts";
import { sqliteFailure } from "./sqlite-errors.ts";
import { sqliteReader } from "./sqlite-reader.ts";
import { sqliteWriter } from "./sqlite-writer.ts";

/** Where a SQLite database is. A file is created where there is none, with the folders that lead to it. */
export type SqliteLocation = { readonly path: string } | "memory";

export interface SqliteOptions {
  readonly kinds?: readonly RecordKind[];
  /** How many rows or changes are looked at per call, so that none holds up the thread for long. */
  readonly scanLimit?: number;
}

/** An engine, and what opening it did to the schema. */
export interface OpenedSqliteEngine {
  readonly engine: StoreEngine;
  readonly migration: Migration;
}

/** Looking at this many rows takes some 5 ms. */
const defaultScanLimit = 10_000;

const writerCacheKib = 64 * 1024;
const readerCacheKib = 32 * 1024;

/**
 * Opens a database and brings its schema to the version of this program.
 *
 * @throws GatewayError `unavailable` where the file cannot be used just now, `internal` where it is none of ours, is
 * damaged, is of a newer version, or lies where it cannot be kept safe.
 */
export function openSqliteEngine(location: SqliteLocation, options: SqliteOptions = {}): OpenedSqliteEngine {
  const { kinds = recordKinds, scanLimit = defaultScanLimit } = options;
  const opened: DatabaseSync[] = [];
  function open(path: string, readOnly: boolean): DatabaseSync {
    const database = openSqliteDatabase(path, { readOnly, cacheKib: readOnly ? readerCacheKib : writerCacheKib });
    opened.push(database);
    return database;
  }

  try {
    const path = location === "memory" ? ":memory:" : preparedPath(location.path);
    const writing = open(path, false);
    const migration = migrateSqlite(writing);
    // A database in memory belongs to its connection. A batch writes only while it commits, so that no read comes in between.
    const reading = location === "memory" ? writing : open(path, true);
    for (const database of opened) {
      // From here on, waiting for another process must not hold up the thread.
      database.exec("PRAGMA busy_timeout = 0");
    }
    const writer = sqliteWriter(writing, kinds);
    return { engine: sqliteEngine(writer, sqliteReader(reading, kinds, scanLimit), () => closeAll(opened)), migration };
  } catch (error) {
    closeAll(opened);
    throw sqliteFailure(error);
  }
}

function preparedPath(path: string): string {
  const absolute = resolve(path);
  try {
    mkdirSync(dirname(absolute), { recursive: true });
  } catch (cause) {
    throw new GatewayError("unavailable", "The folder of the store cannot be made.", { cause, retryAfterMs: 1000 });
  }
  return absolute;
}

/** The last connection to close is the writing one, for only that one can bring the log into the file. */
function closeAll(databases: readonly DatabaseSync[]): void {
  for (const database of databases.toReversed()) {
    if (database.isOpen) {
      database.close();
    }
  }
}
