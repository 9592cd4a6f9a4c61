import { Secret } from "./secret.ts";
import type { Parsed } from "./setting.ts";

export const storeSettings = {
  store: {
    description: "where sessions are kept: sqlite:PATH, or sqlite::memory: for the life of the process",
    placeholder: "URL",
    default: "sqlite:data/session-gateway.db",
    parse: parseStoreUrl,
  },
} as const;

/** A store URL may hold a password, so neither it nor a part of it is shown. */
function parseStoreUrl(text: string): Parsed<Secret> {
  if (/^sqlite:./.test(text)) {
    return { value: new Secret(text) };
  }
  return { problem: "is neither sqlite:PATH nor sqlite::memory:" };
}
