import { type GatewayError, invalidField } from "../domain/errors.ts";
import type { SqliteLocation } from "./sqlite/open-sqlite-engine.ts";

const sqlitePrefix = "sqlite:";
const postgres = /^postgres(ql)?:/i;

/**
 * Where a store URL leads: `sqlite:PATH` or `sqlite::memory:`.
 *
 * @returns A failure that shows nothing of the URL, for there may be a password in it.
 */
export function parseStoreUrl(url: string): SqliteLocation | GatewayError {
  if (postgres.test(url)) {
    return invalidField("store", "PostgreSQL is not available yet. Use sqlite:PATH.");
  }
  const path = url.startsWith(sqlitePrefix) ? url.slice(sqlitePrefix.length) : "";
  if (path === "" || path.includes("\0")) {
    return invalidField("store", "Must be sqlite:PATH or sqlite::memory:.");
  }
  if (path.startsWith("file:")) {
    return invalidField("store", "Must be sqlite:PATH with a plain path, not a file: URL.");
  }
  return path === ":memory:" ? "memory" : { path };
}
