import type { DatabaseSync } from "node:sqlite";
import { applicationId } from "./application-id.ts";
import { schemaVersion } from "./schema-version.ts";
import { sqliteMigrations } from "./sqlite-migrations.ts";

/** Which versions of the schema a migration led from and to. */
export interface Migration {
  readonly from: number;
  readonly to: number;
}

/**
 * Brings the schema to the version of this program, in one transaction.
 *
 * @throws GatewayError as schemaVersion().
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
