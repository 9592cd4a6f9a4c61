import type { DatabaseSync } from "node:sqlite";
import { GatewayError } from "../../domain/errors.ts";
import { applicationId } from "./application-id.ts";
import { sqliteMigrations } from "./sqlite-migrations.ts";
import { prepareRows } from "./sqlite-statement.ts";

/**
 * The version of the schema that a database has, 0 where it is empty.
 *
 * @throws GatewayError `internal` where the database is another program's or is of a newer version of this one.
 */
export function schemaVersion(database: DatabaseSync): number {
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
