import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect } from "vitest";
import { StreamingSessionRecordSchema } from "../../../src/gen/sessiongateway/store/v1/records_pb.ts";
import { cisSessions, streamingSessionRef, streamingSessions } from "../../../src/store/record-kinds.ts";
import { BadPositionError, put, type SessionStore } from "../../../src/store/session-store.ts";
import type { ContractTest } from "./contract-test.ts";
import { alterations } from "./list-promises.ts";
import { countUp, getCount, keep, putSession, removeSession, scanJob, session, sessionRef } from "./records.ts";
import { followSessions, textsOf } from "./watch-log.ts";

/** Promises 13 to 15. */
export const watchPromises: readonly ContractTest[] = [
  {
    name: "13. gives every record as it stands, then every change, until it is aborted",
    async run({ open }) {
      const store = await open();
      await putSession(store, 2, 1);
      await putSession(store, 1, 1);
      await putSession(store, 2, 2);
      const log = followSessions(store);
      await log.until(2);
      await putSession(store, 3, 1);
      await removeSession(store, 2);
      await log.until(4);
      expect(textsOf(log.events)).toEqual(["02:2", "01:1", "03:1", "02:-"]);
      expect(await log.stop()).toBeUndefined();
    },
  },
  {
    name: "13. gives one record only where the watch names it",
    async run({ open }) {
      const store = await open();
      for (const number of [1, 2, 3]) {
        await putSession(store, number, 1);
      }
      const log = followSessions(store, { key: [scanJob(2)] });
      await log.until(1);
      for (const number of [1, 2, 3, 2]) {
        await putSession(store, number, number);
      }
      await removeSession(store, 2);
      await log.until(4);
      await log.stop();
      expect(textsOf(log.events)).toEqual(["02:1", "02:2", "02:2", "02:-"]);
      const cursors = log.events.map(({ cursor }) => cursor);
      const resumed = followSessions(store, { key: [scanJob(2)], cursor: cursors[1] ?? "" });
      await resumed.until(2);
      await resumed.stop();
      expect(resumed.events.map(({ cursor }) => cursor)).toEqual(cursors.slice(2));
    },
  },
  {
    name: "13. gives the records of its kind only, with keys of several values too",
    async run({ open }) {
      const store = await open();
      const refs = ["a/b", 'é"', "c"].map((id) => streamingSessionRef("studio", id));
      await putSession(store, 1, 1);
      for (const ref of refs) {
        await store.update([], () => keep(put(ref, create(StreamingSessionRecordSchema))));
      }
      const keys: unknown[] = [];
      for await (const { key } of store.watch({ kind: streamingSessions, signal: new AbortController().signal })) {
        keys.push(key);
        if (keys.length === 3) {
          await store.update([], () => keep(put(sessionRef(1), session(2))));
          await store.update([], () => ({ put: [], remove: refs, reply: undefined }));
        } else if (keys.length === 6) {
          break;
        }
      }
      expect(keys).toEqual([...refs, ...refs].map(({ key }) => key));
    },
  },
  {
    name: "13. begins with the call, not with the first event that is asked for",
    async run({ open }) {
      const store = await open();
      const stopping = new AbortController();
      const watch = store.watch({ kind: cisSessions, signal: stopping.signal })[Symbol.asyncIterator]();
      await putSession(store, 1, 1);
      await putSession(store, 1, 2);
      const events = [await watch.next(), await watch.next()].map(({ value }) => value);
      expect(textsOf(events)).toEqual(["01:1", "01:2"]);
      stopping.abort();
      expect(await watch.next()).toEqual({ done: true, value: undefined });
    },
  },
  {
    name: "13. leaves out no change and repeats none, whatever happens while it begins and however slow its reader",
    async run({ open }) {
      const change = fc.nat(4);
      const given = fc.record({
        before: fc.array(change, { maxLength: 20 }),
        during: fc.array(change, { minLength: 1, maxLength: 40 }),
        delayMs: fc.constantFrom(0, 0, 1),
      });
      await fc.assert(
        fc.asyncProperty(given, async ({ before, during, delayMs }) => {
          await checkChanges(await open(), before, during, delayMs);
        }),
        { numRuns: 20 },
      );
    },
  },
  {
    name: "13. gives the changes that another store makes to the same data",
    needsReopen: true,
    async run({ open, reopen }) {
      const store = await open();
      const other = await reopen();
      const log = followSessions(store);
      await putSession(other, 1, 1);
      await log.until(1);
      await putSession(other, 1, 2);
      await log.until(2);
      await log.stop();
      expect(textsOf(log.events)).toEqual(["01:1", "01:2"]);
    },
  },
  {
    name: "13. follows more records and changes than fit in a page",
    async run({ open }) {
      const store = await open();
      await Promise.all(Array.from({ length: 250 }, (_, number) => putSession(store, number)));
      const log = followSessions(store);
      await log.until(250);
      await Promise.all(Array.from({ length: 250 }, (_, number) => putSession(store, number, 2)));
      await log.until(500);
      await log.stop();
      expect(
        new Set(log.events.map(({ key, message }) => `${key} ${message?.session?.received?.totalChecks}`)).size,
      ).toBe(500);
    },
  },
  {
    name: "14. resumes behind any event, of the first round too, and gives nothing twice",
    async run({ open }) {
      const given = fc.record({
        records: fc.integer({ min: 1, max: 6 }),
        changes: fc.array(fc.nat(5), { maxLength: 12 }),
        at: fc.nat(17),
      });
      await fc.assert(
        fc.asyncProperty(given, async ({ records, changes, at }) => {
          const store = await open();
          await checkResume(store, store, records, changes, at);
        }),
        { numRuns: 25 },
      );
    },
  },
  {
    name: "14. resumes after a restart",
    needsReopen: true,
    async run({ open, reopen }) {
      for (const at of [0, 2, 4, 6]) {
        await checkResume(await open(), reopen, 4, [1, 0, 1, 5], at);
      }
    },
  },
  {
    name: "15. refuses a cursor that no watch gave out",
    async run({ open }) {
      const store = await open();
      await putSession(store, 1, 1);
      const log = followSessions(store);
      await log.until(1);
      await putSession(store, 1, 2);
      await putSession(store, 2, 1);
      await log.until(3);
      await log.stop();
      const [first = "", second = ""] = log.events.map(({ cursor }) => cursor);
      const position = (await store.list({ kind: cisSessions, order: "newest", limit: 1 })).next ?? "";
      expect(first).toMatch(/^[\x21-\x7e]{1,1024}$/);
      for (const cursor of ["", "x", "AAAA", position, first.slice(1), ...alterations(first), ...alterations(second)]) {
        expect(await followSessions(store, { cursor }).ended, cursor).toBeInstanceOf(BadPositionError);
      }
    },
  },
  {
    name: "15. refuses a cursor of a watch of another kind",
    async run({ open }) {
      const store = await open();
      await putSession(store, 1, 1);
      const log = followSessions(store);
      await log.until(1);
      await putSession(store, 1, 2);
      await log.until(2);
      await log.stop();
      for (const { cursor } of log.events) {
        const watch = store.watch({ kind: streamingSessions, cursor, signal: new AbortController().signal });
        await expect(watch[Symbol.asyncIterator]().next()).rejects.toThrow(BadPositionError);
      }
    },
  },
  {
    name: "15. refuses a cursor that is ahead of all changes",
    async run({ open }) {
      const ahead = await open();
      await putSession(ahead, 1);
      await putSession(ahead, 2);
      const log = followSessions(ahead);
      await log.until(2);
      await log.stop();
      const store = await open();
      await putSession(store, 1);
      for (const { cursor } of log.events) {
        expect(await followSessions(store, { cursor }).ended).toBeInstanceOf(BadPositionError);
      }
    },
  },
];

function count(store: SessionStore, number: number): Promise<number> {
  return store.update([sessionRef(number)], countUp(sessionRef(number)));
}

/** Counts records up before and during a watch, which must show each count of each record, one after the other. */
async function checkChanges(
  store: SessionStore,
  before: readonly number[],
  during: readonly number[],
  delayMs: number,
) {
  for (const record of before) {
    await count(store, record);
  }
  const shown = [0, 1, 2, 3, 4].map((record) => before.filter((one) => one === record).length);
  const changing = Promise.all(during.slice(0, 10).map((record) => count(store, record)));
  const log = followSessions(store, { delayMs });
  await changing;
  await Promise.all(during.slice(10).map((record) => count(store, record)));
  const last = [...shown.keys()].map((record) => (shown[record] ?? 0) + during.filter((one) => one === record).length);
  await expect
    .poll(() => textsOf(log.events), { interval: 5, timeout: 3000 })
    .toEqual(expect.arrayContaining(lastTexts(last, during)));
  await log.stop();
  for (const [record, atFirst] of shown.entries()) {
    const counts = textsOf(log.events)
      .filter((text) => text.startsWith(`0${record}:`))
      .map((text) => Number(text.slice(3)));
    const from = counts[0] ?? atFirst + 1;
    expect([atFirst, atFirst + 1]).toContain(from);
    expect(counts).toEqual(counts.map((_, index) => from + index));
    expect(await getCount(store, record)).toBe(last[record]);
  }
}

function lastTexts(last: readonly number[], during: readonly number[]): string[] {
  return [...new Set(during)].map((record) => `0${record}:${last[record]}`);
}

/**
 * Follows a watch over its first round and some changes, then resumes from one of its events. A record of the first round that
 * was changed since comes with its changes only.
 */
async function checkResume(
  store: SessionStore,
  resumeOn: SessionStore | (() => Promise<SessionStore>),
  records: number,
  changes: readonly number[],
  at: number,
) {
  for (let record = 0; record < records; record++) {
    await count(store, record);
  }
  const log = followSessions(store);
  await log.until(records);
  await Promise.all(changes.map((record) => count(store, record)));
  await log.until(records + changes.length);
  await log.stop();
  const from = at % log.events.length;
  const changed = new Set(log.events.slice(records).map(({ key }) => key[0]));
  const expected = log.events
    .slice(from + 1)
    .filter(({ key }, index) => from + 1 + index >= records || !changed.has(key[0]));
  const resumedOn = typeof resumeOn === "function" ? await restart(store, resumeOn) : resumeOn;
  const resumed = followSessions(resumedOn, { cursor: log.events[from]?.cursor ?? "" });
  await count(resumedOn, 77);
  await resumed.until(expected.length + 1);
  await resumed.stop();
  expect(textsOf(resumed.events)).toEqual([...textsOf(expected), "4d:1"]);
}

async function restart(store: SessionStore, reopen: () => Promise<SessionStore>): Promise<SessionStore> {
  await store.close();
  return reopen();
}
