import { expect, test } from "vitest";
import { GatewayError } from "../../src/domain/errors.ts";
import { migrateStore } from "../../src/store/migrate-store.ts";
import { openStore } from "../../src/store/open-store.ts";
import { parseStoreUrl } from "../../src/store/parse-store-url.ts";

const good: readonly [string, unknown][] = [
  ["sqlite::memory:", "memory"],
  ["sqlite:data/session-gateway.db", { path: "data/session-gateway.db" }],
  ["sqlite:/var/lib/a b.db", { path: "/var/lib/a b.db" }],
];

test.each(good)("%s names a store", (url, location) => {
  expect(parseStoreUrl(url)).toEqual(location);
});

const bad: readonly [string, string][] = [
  ["postgres://user:hunter2@host/db", "not available yet"],
  ["postgresql://user:hunter2@host/db", "not available yet"],
  ["POSTGRES://user:hunter2@host/db", "not available yet"],
  ["mysql://user:hunter2@host/db", "sqlite:PATH"],
  ["hunter2", "sqlite:PATH"],
  ["sqlite:", "sqlite:PATH"],
  ["sqlite:file:///hunter2", "not a file: URL"],
  ["sqlite:a\0b", "sqlite:PATH"],
  ["SQLITE:hunter2", "sqlite:PATH"],
  ["", "sqlite:PATH"],
];

test.each(bad)("%j is refused, and nothing of it is shown", async (url, text) => {
  for (const open of [openStore, migrateStore]) {
    const error = await open(url).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(GatewayError);
    expect(error).toMatchObject({
      kind: "invalid",
      message: expect.stringContaining(text),
      fields: [{ field: "store" }],
    });
    expect(String(error)).not.toMatch(/hunter2|user/);
  }
});
