import { expect, test } from "vitest";
import { createSessionStore } from "../../src/store/create-session-store.ts";
import { cisFindings, cisSessions } from "../../src/store/record-kinds.ts";
import type { ListQuery } from "../../src/store/session-store.ts";
import { put } from "../../src/store/session-store.ts";
import { openSqliteEngine } from "../../src/store/sqlite/open-sqlite-engine.ts";
import type { StoreEngine } from "../../src/store/store-engine.ts";
import { countOf, keep, putSession, scanJob, session, sessionRef } from "../contract/session-store/records.ts";
import { followSessions } from "../contract/session-store/watch-log.ts";
import { interceptedEngine } from "./intercepted-engine.ts";

/** A message that ends in the middle of a field. */
const truncated = new Uint8Array([10, 5, 1]);

/** Keeps bytes that are no message, behind the back of the store. */
async function openDamaged() {
  const { engine } = openSqliteEngine("memory");
  const ref = { kind: "cis_session", key: [scanJob(1)] };
  await engine.begin([ref]);
  const row = { ...ref, message: truncated, columns: [0, 0], dueAt: undefined, before: "absent" as const };
  await engine.commit({
    removes: [],
    puts: [{ ...row, firstChange: 0, lastChange: 0 }],
    changes: [{ ...ref, message: truncated }],
  });
  return createSessionStore(engine);
}

test("a record that cannot be read is an internal failure of each who reads it, and of no other", async () => {
  const store = await openDamaged();
  const damaged = { kind: "internal", message: "The store holds a record that cannot be read." };
  await expect(store.get(sessionRef(1))).rejects.toMatchObject(damaged);
  await expect(store.list({ kind: cisSessions, order: "key", limit: 1 })).rejects.toMatchObject(damaged);
  expect(await followSessions(store).ended).toMatchObject(damaged);
  const read = store.update([sessionRef(1)], (records) => ({ put: [], reply: records.get(sessionRef(1)) }));
  const other = putSession(store, 2);
  await expect(read).rejects.toMatchObject(damaged);
  await other;
  await store.close();
});

const faults: readonly [string, Partial<ListQuery>][] = [
  ["limit of nothing", { limit: 0 }],
  ["limit of a fraction", { limit: 1.5 }],
  ["filter of a column that is not there", { where: { "state; DROP TABLE cis_session": [1] } }],
  ["key prefix with the order of arrival", { order: "newest", keyPrefix: [scanJob(1)] }],
  ["key prefix that is longer than the key", { keyPrefix: [scanJob(1), 2] }],
];

test.each(faults)("a list with a %s is a fault of the program", async (_, query) => {
  const store = createSessionStore(openSqliteEngine("memory").engine);
  await expect(store.list({ kind: cisSessions, order: "key", limit: 1, ...query })).rejects.toMatchObject({
    kind: "internal",
  });
  await store.close();
});

test("a watch of a kind whose changes are not kept is a fault of the program", async () => {
  const store = createSessionStore(openSqliteEngine("memory").engine);
  const watch = store.watch({ kind: cisFindings, signal: new AbortController().signal });
  await expect(watch[Symbol.asyncIterator]().next()).rejects.toMatchObject({ kind: "internal" });
  await store.close();
});

test("a record falls due at a whole millisecond only", async () => {
  const store = createSessionStore(openSqliteEngine("memory").engine);
  for (const dueAt of [1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    const ref = sessionRef(1);
    const update = store.update([], () => keep(put(ref, session(1), dueAt)));
    await expect(update).rejects.toMatchObject({ kind: "internal" });
  }
  await store.close();
});

test("a watch reads page by page as its reader comes along, and nothing ahead", async () => {
  const { engine, calls } = interceptedEngine();
  const store = createSessionStore(engine);
  await Promise.all(Array.from({ length: 500 }, (_, number) => putSession(store, number)));
  const reads = () => calls.filter((call: keyof StoreEngine) => call === "standing").length;
  const watch = store.watch({ kind: cisSessions, signal: new AbortController().signal })[Symbol.asyncIterator]();
  await watch.next();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(reads()).toBe(1);
  for (let event = 1; event <= 100; event++) {
    await watch.next();
  }
  expect(reads()).toBe(2);
  await store.close();
});

test("a watch looks for the changes of other processes as often as it is told", async () => {
  const { engine, calls } = interceptedEngine();
  const store = createSessionStore(engine, { pollMs: 5 });
  const log = followSessions(store);
  await expect.poll(() => calls.filter((call) => call === "head").length).toBeGreaterThan(3);
  await store.close();
  expect(await log.ended).toBeUndefined();
});

test("a watch does not miss a change that is made while it looks for changes", async () => {
  const { engine } = openSqliteEngine("memory");
  let looks = 0;
  const store = createSessionStore(
    {
      ...engine,
      async changes(query) {
        const page = await engine.changes(query);
        if (++looks === 1) {
          await putSession(store, 1, 1);
        }
        return page;
      },
    },
    { pollMs: 60_000 },
  );
  const log = followSessions(store);
  await log.until(1);
  await store.close();
});

test("a page with a filter is filled by several reads, and short where it would take too many", async () => {
  const store = createSessionStore(openSqliteEngine("memory", { scanLimit: 5 }).engine);
  for (let number = 0; number < 70; number++) {
    await store.update([], () => keep(put(sessionRef(number), session(number, number % 10 === 0 ? 3 : 2))));
  }
  const query: ListQuery<typeof cisSessions.desc> = {
    kind: cisSessions,
    order: "key",
    limit: 4,
    where: { state: [3] },
  };
  const full = await store.list(query);
  expect(full.messages.map(countOf)).toEqual([0, 10, 20, 30]);
  const rest = await store.list({ ...query, after: full.next ?? "" });
  expect(rest).toEqual({ messages: expect.arrayContaining([session(60, 3)]) });
  const short = await store.list({ ...query, where: { state: [1] } });
  expect(short).toEqual({ messages: [], next: expect.any(String) });
  expect(await store.list({ ...query, where: { state: [1] }, after: short.next ?? "" })).toEqual({ messages: [] });
  await store.close();
});
