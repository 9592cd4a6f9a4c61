import { GatewayError } from "../domain/errors.ts";
import { createSessionStore } from "./create-session-store.ts";
import { parseStoreUrl } from "./parse-store-url.ts";
import type { SessionStore } from "./session-store.ts";
import { openSqliteEngine } from "./sqlite/open-sqlite-engine.ts";

/**
 * Opens the store that a URL names, `sqlite:PATH` or `sqlite::memory:`, and brings its schema to the version of this program.
 *
 * @throws GatewayError `invalid` for another URL, of which the message shows nothing; as openSqliteEngine() otherwise.
 */
export async function openStore(url: string): Promise<SessionStore> {
  const location = parseStoreUrl(url);
  if (location instanceof GatewayError) {
    throw location;
  }
  return createSessionStore(openSqliteEngine(location).engine);
}
