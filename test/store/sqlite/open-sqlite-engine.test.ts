import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { createSessionStore } from "../../../src/store/create-session-store.ts";
import { migrateStore } from "../../../src/store/migrate-store.ts";
import { openSqliteDatabase } from "../../../src/store/sqlite/open-sqlite-database.ts";
import { openSqliteEngine } from "../../../src/store/sqlite/open-sqlite-engine.ts";
import { sqliteMigrations } from "../../../src/store/sqlite/sqlite-migrations.ts";
import { getCount, putSession } from "../../contract/session-store/records.ts";
import { sqliteFiles } from "./sqlite-file.ts";

const newFile = sqliteFiles();
const version = sqliteMigrations.length;

/** Does this to a file behind the back of the program. */
function tamper(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

describe("opening a file", () => {
  test("makes it, and the folders that lead to it", async () => {
    const path = join(newFile(), "deeper", "store.db");
    await openSqliteEngine({ path }).engine.close();
    expect(existsSync(path)).toBe(true);
  });

  test("leaves one file behind when it is closed, with everything in it", async () => {
    const path = newFile();
    const store = createSessionStore(openSqliteEngine({ path }).engine);
    await putSession(store, 1, 7);
    await store.close();
    expect([existsSync(`${path}-wal`), existsSync(`${path}-shm`)]).toEqual([false, false]);
    const again = createSessionStore(openSqliteEngine({ path }).engine);
    expect(await getCount(again, 1)).toBe(7);
    await again.close();
  });

  test.each([false, true])("gives a connection (read-only: %s) that loses nothing", (readOnly) => {
    const path = newFile();
    openSqliteDatabase(path, { readOnly: false, cacheKib: 100 }).close();
    const keeper = openSqliteDatabase(path, { readOnly: false, cacheKib: 100 });
    const database = openSqliteDatabase(path, { readOnly, cacheKib: 100 });
    const read = (pragma: string) => Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0];
    expect(["synchronous", "journal_mode", "fullfsync", "mmap_size"].map(read)).toEqual([2, "wal", 1, 0]);
    database.close();
    keeper.close();
  });

  const refused: readonly [string, (path: string) => void, string, RegExp][] = [
    ["that is no database", (path) => writeFileSync(path, "x".repeat(5000)), "internal", /^The store has failed\.$/],
    ["of another program", (path) => tamper(path, "CREATE TABLE a (b)"), "internal", /another program/],
    [
      "of another program that numbers its schema",
      (path) => tamper(path, "PRAGMA user_version = 1"),
      "internal",
      /another/,
    ],
    ["below a file", (path) => writeFileSync(path.slice(0, path.lastIndexOf("/")), ""), "unavailable", /folder/],
    ["of a newer schema", (path) => makeNewer(path), "internal", new RegExp(`${version + 1}.*knows ${version}`)],
  ];

  test.each(refused)("refuses one %s, and leaves it as it is", (name, prepare, kind, message) => {
    const path = name === "below a file" ? join(newFile(), "store.db") : newFile();
    prepare(path);
    const before = existsSync(path) ? readFileSync(path) : undefined;
    expect(() => openSqliteEngine({ path })).toThrow(
      expect.objectContaining({ kind, message: expect.stringMatching(message) }),
    );
    expect(existsSync(path) ? readFileSync(path) : undefined).toEqual(before);
  });

  function makeNewer(path: string): void {
    void openSqliteEngine({ path }).engine.close();
    tamper(path, `PRAGMA user_version = ${version + 1}`);
  }
});

describe("migrating", () => {
  test("tells from which version to which it led, and does nothing the second time", async () => {
    const url = `sqlite:${newFile()}`;
    expect(await migrateStore(url)).toEqual({ from: 0, to: version });
    expect(await migrateStore(url)).toEqual({ from: version, to: version });
  });

  test("two that open a new file at once both find it migrated", async () => {
    const path = newFile();
    const engines = [openSqliteEngine({ path }), openSqliteEngine({ path })];
    expect(engines.map(({ migration }) => migration.from)).toEqual([0, version]);
    await Promise.all(engines.map(({ engine }) => engine.close()));
  });
});
