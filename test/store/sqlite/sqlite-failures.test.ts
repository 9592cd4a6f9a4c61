import { closeSync, openSync, statSync, writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { GatewayError } from "../../../src/domain/errors.ts";
import { createSessionStore } from "../../../src/store/create-session-store.ts";
import { recordKinds } from "../../../src/store/record-kinds.ts";
import { put } from "../../../src/store/session-store.ts";
import { migrateSqlite } from "../../../src/store/sqlite/migrate-sqlite.ts";
import { openSqliteDatabase } from "../../../src/store/sqlite/open-sqlite-database.ts";
import { openSqliteEngine } from "../../../src/store/sqlite/open-sqlite-engine.ts";
import { sqliteEngine } from "../../../src/store/sqlite/sqlite-engine.ts";
import { sqliteReader } from "../../../src/store/sqlite/sqlite-reader.ts";
import { sqliteWriter } from "../../../src/store/sqlite/sqlite-writer.ts";
import { finding, findingRef, getCount, keep, putSession } from "../../contract/session-store/records.ts";
import { sqliteFiles } from "./sqlite-file.ts";

const newFile = sqliteFiles();

async function failureOf(work: Promise<unknown>): Promise<GatewayError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof GatewayError)) {
    throw new Error(`expected a GatewayError, got ${error}`);
  }
  return error;
}

/** Some hundred bytes each, so that they fill pages. */
function manyFindings(number: number) {
  const ruleIds = Array.from({ length: 100 }, (_, index) => `${index}`.padStart(400, "0"));
  return keep(...ruleIds.map((ruleId) => put(findingRef(number, 1, ruleId), finding(ruleId))));
}

test("a full disk is unavailable, keeps nothing of the batch, and passes", async () => {
  const database = openSqliteDatabase(newFile(), { readOnly: false, cacheKib: 1000 });
  migrateSqlite(database);
  const engine = sqliteEngine(sqliteWriter(database, recordKinds), sqliteReader(database, recordKinds, 1000), () =>
    database.close(),
  );
  const store = createSessionStore(engine);
  const pages = Number(database.prepare("PRAGMA page_count").get()?.["page_count"]);
  database.exec(`PRAGMA max_page_count = ${pages + 5}`);
  const beside = putSession(store, 1, 1);
  const error = await failureOf(store.update([], () => manyFindings(1)));
  expect(error).toMatchObject({ kind: "unavailable", retryAfterMs: 1000 });
  expect(error.message).toBe("The store cannot be used just now.");
  expect(error.cause).toMatchObject({ code: "ERR_SQLITE_ERROR", errcode: 13 });
  await expect(beside).rejects.toBe(error);
  expect(await getCount(store, 1)).toBe(0);
  database.exec("PRAGMA max_page_count = 100000");
  await putSession(store, 1, 2);
  expect(await getCount(store, 1)).toBe(2);
  await store.close();
});

test("a process that writes is waited for without holding up this one", async () => {
  const path = newFile();
  const store = createSessionStore(openSqliteEngine({ path }).engine);
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  const update = putSession(store, 1, 1);
  const ping = store.ping();
  let longestMs = 0;
  for (let turn = 0; turn < 20; turn++) {
    const before = performance.now();
    await pause(2);
    longestMs = Math.max(longestMs, performance.now() - before);
    expect(await getCount(store, 1)).toBe(0);
  }
  expect(longestMs).toBeLessThan(1000);
  other.exec("COMMIT");
  await Promise.all([update, ping]);
  expect(await getCount(store, 1)).toBe(1);
  other.close();
  await store.close();
});

test("a damaged file is an internal failure that shows no SQL", async () => {
  const path = newFile();
  const store = createSessionStore(openSqliteEngine({ path }).engine);
  for (let number = 0; number < 20; number++) {
    await store.update([], () => manyFindings(number));
  }
  await store.close();
  const again = createSessionStore(openSqliteEngine({ path }).engine);
  const file = openSync(path, "r+");
  // The first pages hold the schema, which is read already.
  writeSync(file, Buffer.alloc(statSync(path).size - 8 * 4096, 0xff), 0, undefined, 8 * 4096);
  closeSync(file);
  const error = await failureOf(again.list({ kind: findingRef(1, 1, "").kind, order: "key", limit: 1000 }));
  expect(error).toMatchObject({ kind: "internal", message: "The store has failed." });
  expect(error.cause).toMatchObject({ code: "ERR_SQLITE_ERROR", errcode: 11 });
  await again.close();
});

test("a ping fails where nothing can be written", async () => {
  const path = newFile();
  await openSqliteEngine({ path }).engine.close();
  const database = openSqliteDatabase(path, { readOnly: false, cacheKib: 1000 });
  const engine = sqliteEngine(sqliteWriter(database, recordKinds), sqliteReader(database, recordKinds, 1000), () =>
    database.close(),
  );
  await engine.ping();
  database.exec("PRAGMA query_only = ON");
  expect(await failureOf(engine.ping())).toMatchObject({ kind: "unavailable" });
  await engine.close();
});
