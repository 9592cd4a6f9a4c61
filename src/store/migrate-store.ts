import { GatewayError } from "../domain/errors.ts";
import { parseStoreUrl } from "./parse-store-url.ts";
import type { Migration } from "./sqlite/migrate-sqlite.ts";
import { openSqliteEngine } from "./sqlite/open-sqlite-engine.ts";

/**
 * Brings the schema of the store that a URL names to the version of this program, and tells which versions that led from
 * and to.
 *
 * @throws GatewayError as openStore().
 */
export async function migrateStore(url: string): Promise<Migration> {
  const location = parseStoreUrl(url);
  if (location instanceof GatewayError) {
    throw location;
  }
  const { engine, migration } = openSqliteEngine(location);
  await engine.close();
  return migration;
}
