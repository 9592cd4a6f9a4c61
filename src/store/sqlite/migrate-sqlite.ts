import type { DatabaseSync } from "node:sqlite";
import { GatewayError } from "../../domain/errors.ts";
import { applicationId } from "./application-id.ts";
import { sqliteMigrations } from "./sqlite-migrations.ts";
import { prepareRows } from "./sqlite-statement.ts";

/** Which versions of the schema a migration led from and to. */
export interface Migration {
  readonly from: number;
  readonly to: number;
}

/**
 * Brings the schema to the version of this program, in one transaction.
 *
 * @throws GatewayError `internal` where the database is another program's or is of a newer version of this one.
 */
export function migrateSqlite(database: DatabaseSync): Migration {
  database.exec("BEGIN IMMEDIATE");
  try {
    const from = schemaVersion(database);
    for (const step of sqliteMigrations.slice(from)) {
      database.exec(step);
    }
    const to = sqliteMigrations.length;
    if (from !== to) {
      database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${to}`);
    }
    database.exec("COMMIT");
    return { from, to };
  } catch (error) {
    if (database.isTransaction) {
      database.exec("ROLLBACK");
    }
    throw error;
  }
}

function schemaVersion(database: DatabaseSync): number {
  const version = readNumber(database, "PRAGMA user_version");
  const known = sqliteMigrations.length;
  if (readNumber(database, "PRAGMA application_id") !== applicationId) {
    if (version === 0 && readNumber(database, "SELECT count(*) FROM sqlite_schema") === 0) {
      return 0;
    }
    throw new GatewayError("internal", "The store's file is a database of another program.");
  }
  if (version > known) {
    throw new GatewayError(
      "internal",
      `The store was written by a newer version of Session Gateway: its schema is ${version}, this program knows ${known}.`,
    );
  }
  return version;
}

function readNumber(database: DatabaseSync, sql: string): number {
  return prepareRows<[number]>(database, sql).get()?.[0] ?? 0;
}
