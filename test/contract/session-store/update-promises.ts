import { clone } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect } from "vitest";
import { GatewayError } from "../../../src/domain/errors.ts";
import { CisSessionRecordSchema } from "../../../src/gen/sessiongateway/store/v1/records_pb.ts";
import { type LoadedRecords, put, type SessionStore } from "../../../src/store/session-store.ts";
import type { ContractTest } from "./contract-test.ts";
import {
  countOf,
  countUp,
  finding,
  findingRef,
  getCount,
  keep,
  putSession,
  removeSession,
  session,
  sessionRef,
  unstorableSession,
} from "./records.ts";
import { followSessions, textsOf } from "./watch-log.ts";

/** Promises 1 to 8. */
export const updatePromises: readonly ContractTest[] = [
  {
    name: "1. keeps all writes of a decision",
    async run({ open }) {
      const store = await open();
      const refs = [sessionRef(1), sessionRef(2)] as const;
      await store.update(refs, () =>
        keep(put(refs[0], session(1)), put(refs[1], session(2)), put(findingRef(1, 1, "1.1"), finding("1.1"))),
      );
      expect([await getCount(store, 1), await getCount(store, 2)]).toEqual([1, 2]);
      expect((await store.get(findingRef(1, 1, "1.1")))?.ruleId).toBe("1.1");
    },
  },
  {
    name: "1. keeps no write of a decision of which one cannot be kept",
    async run({ open }) {
      const store = await open();
      const refs = [sessionRef(1), sessionRef(2)] as const;
      const failing = store.update(refs, () => keep(put(refs[0], session(1)), put(refs[1], unstorableSession())));
      const other = putSession(store, 3);
      await expect(failing).rejects.toMatchObject({ kind: "internal" });
      await other;
      expect(await store.get(refs[0])).toBeUndefined();
      expect(await getCount(store, 3)).toBe(1);
    },
  },
  {
    name: "1. removes before it puts, so that a record in both is new",
    async run({ open }) {
      const store = await open();
      const ref = sessionRef(1);
      await putSession(store, 1, 1);
      await putSession(store, 2, 2);
      await store.update([ref], () => ({
        put: [put(ref, session(3))],
        remove: [ref, sessionRef(9)],
        reply: undefined,
      }));
      const page = await store.list({ kind: ref.kind, order: "newest", limit: 10 });
      expect(page.messages.map(countOf)).toEqual([3, 2]);
    },
  },
  {
    name: "1. counts a record as new from its last removal, also within a batch",
    async run({ open }) {
      const store = await open();
      await putSession(store, 3, 3);
      await Promise.all([
        putSession(store, 1, 1),
        putSession(store, 2, 2),
        removeSession(store, 1),
        removeSession(store, 3),
        putSession(store, 3, 3),
        putSession(store, 1, 1),
      ]);
      const page = await store.list({ kind: sessionRef(1).kind, order: "newest", limit: 10 });
      expect(page.messages.map(countOf)).toEqual([1, 3, 2]);
    },
  },
  {
    name: "2. has made the writes durable when it resolves",
    needsReopen: true,
    async run({ open, reopen }) {
      const store = await open();
      await Promise.all(Array.from({ length: 50 }, (_, index) => putSession(store, index, index + 1)));
      // The first store is open still, and had no occasion to write anything late.
      const other = await reopen();
      const counts = await Promise.all(Array.from({ length: 50 }, (_, index) => getCount(other, index)));
      expect(counts).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    },
  },
  {
    name: "3. serialises concurrent decisions about the same records",
    async run({ open }) {
      const store = await open();
      let base = 0;
      const step = fc.record({ record: fc.nat(3), asks: fc.boolean() });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          base += 4;
          const offset = base;
          const counts = await Promise.all(
            steps.map(({ record, asks }) => (asks ? askAndCount : count)(store, offset + record)),
          );
          for (let record = 0; record < 4; record++) {
            const mine = counts.filter((_, index) => steps[index]?.record === record);
            expect(mine.toSorted((one, other) => one - other)).toEqual(mine.map((_, index) => index + 1));
            expect(await getCount(store, offset + record)).toBe(mine.length);
          }
        }),
        { numRuns: 30 },
      );
    },
  },
  {
    name: "3. serialises the decisions of two stores over the same data",
    needsReopen: true,
    async run({ open, reopen }) {
      const stores = [await open(), await reopen()];
      const counts = await Promise.all(
        stores.flatMap((store) => Array.from({ length: 100 }, (_, index) => later(index, () => count(store, 1)))),
      );
      expect(counts.toSorted((one, other) => one - other)).toEqual(
        Array.from({ length: 200 }, (_, index) => index + 1),
      );
    },
  },
  {
    name: "3. decides in the order of arrival, also where an earlier decision asks for more records",
    async run({ open }) {
      const store = await open();
      const ref = sessionRef(1);
      const seen = await Promise.all([
        askAndCount(store, 1),
        store.update([ref], (records) => ({ put: [], reply: countOf(records.get(ref)?.message) })),
        count(store, 1),
      ]);
      expect(seen).toEqual([1, 1, 2]);
    },
  },
  {
    name: "4. rejects a refusal with the very error, writes nothing and touches no other update",
    async run({ open }) {
      const store = await open();
      const error = new GatewayError("conflict", "No.");
      const outcomes = await Promise.allSettled([
        count(store, 1),
        store.update([sessionRef(1)], () => ({ refuse: error })),
        count(store, 1),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect(outcomes[1]).toHaveProperty("reason", error);
      expect(await getCount(store, 1)).toBe(2);
    },
  },
  {
    name: "5. runs a decision again with the records that it asks for, as often as it asks",
    async run({ open }) {
      const store = await open();
      for (const [number, next] of [
        [1, 2],
        [2, 3],
        [3, 0],
      ] as const) {
        await putSession(store, number, next);
      }
      const follow = (records: LoadedRecords) => {
        const path = [1];
        for (let at = 1; at !== 0; path.push(at)) {
          const missing = records.missing([sessionRef(at)]);
          if (missing.length > 0) {
            return { need: missing };
          }
          at = countOf(records.get(sessionRef(at))?.message);
        }
        return { put: [put(sessionRef(9), session(path.length))], reply: path };
      };
      expect(await store.update([sessionRef(1)], follow)).toEqual([1, 2, 3, 0]);
      expect(await getCount(store, 9)).toBe(4);
    },
  },
  {
    name: "5. shows the records that a decision asks for as the updates before it left them",
    async run({ open }) {
      const store = await open();
      await putSession(store, 2, 5);
      const read = (number: number) =>
        store.update([sessionRef(1)], (records) => {
          const need = records.missing([sessionRef(number)]);
          return need.length > 0
            ? { need }
            : { put: [], reply: records.get(sessionRef(number)) && countOf(records.get(sessionRef(number))?.message) };
        });
      const [, before, , after, , gone] = await Promise.all([
        count(store, 1),
        read(2),
        putSession(store, 2, 7),
        read(2),
        removeSession(store, 2),
        read(2),
      ]);
      expect([before, after, gone]).toEqual([5, 7, undefined]);
    },
  },
  {
    name: "6. rejects only the update of a decision that throws",
    async run({ open }) {
      const store = await open();
      const error = new RangeError("a fault");
      const outcomes = await Promise.allSettled([
        count(store, 1),
        store.update([sessionRef(1)], () => {
          throw error;
        }),
        count(store, 1),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect(outcomes[1]).toHaveProperty("reason", error);
    },
  },
  {
    name: "6. rejects only the update of a decision that reads what it has not asked for, or asks in vain for ever",
    async run({ open }) {
      const store = await open();
      const ref = sessionRef(1);
      const outcomes = await Promise.allSettled([
        count(store, 2),
        store.update([ref], (records) => ({ put: [], reply: records.get(sessionRef(2)) })),
        store.update([ref], () => ({ need: [ref] })),
        store.update([ref], () => keep(put(findingRef(1, 1, "a\0b"), finding("a")))),
        count(store, 2),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual([
        "fulfilled",
        "rejected",
        "rejected",
        "rejected",
        "fulfilled",
      ]);
    },
  },
  {
    name: "7. keeps an event for each change of a watched record, and none for what was not kept",
    async run({ open }) {
      const store = await open();
      const refs = [sessionRef(1), sessionRef(2)] as const;
      const log = followSessions(store);
      await Promise.allSettled([
        count(store, 1),
        count(store, 1),
        store.update(refs, () => keep(put(refs[0], session(8)), put(refs[1], unstorableSession()))),
        store.update(refs, () => ({ refuse: new GatewayError("conflict", "No.") })),
        store.update(refs, () => keep(put(refs[1], session(5)), put(refs[0], session(6)))),
        removeSession(store, 1),
        removeSession(store, 1),
        count(store, 1),
      ]);
      await log.until(6);
      await log.stop();
      expect(textsOf(log.events)).toEqual(["01:1", "01:2", "02:5", "01:6", "01:-", "01:1"]);
    },
  },
  {
    name: "7. makes no event of a record that only falls due at another time",
    async run({ open }) {
      const store = await open();
      const ref = sessionRef(1);
      const move = (dueAt: number | undefined) =>
        store.update([ref], (records) => {
          const message = records.get(ref)?.message;
          return message === undefined ? keep() : keep(put(ref, message, dueAt));
        });
      const log = followSessions(store);
      await Promise.all([putSession(store, 1, 1, 100), move(200)]);
      expect(await store.nextDueAt()).toBe(200);
      await Promise.all([move(300), move(400)]);
      expect(await store.due(400, 10)).toEqual([{ ref, dueAt: 400 }]);
      await move(undefined);
      expect(await store.nextDueAt()).toBeUndefined();
      await Promise.all([move(500), count(store, 1), move(600)]);
      expect(await store.due(600, 10)).toEqual([{ ref, dueAt: 600 }]);
      await log.until(2);
      await log.stop();
      expect(textsOf(log.events)).toEqual(["01:1", "01:2"]);
    },
  },
  {
    name: "8. leaves a message that was put as it is, and gives it to later decisions and reads",
    async run({ open }) {
      const store = await open();
      const ref = sessionRef(1);
      const message = session(7);
      const before = clone(CisSessionRecordSchema, message);
      const [, seen] = await Promise.all([
        store.update([ref], () => keep(put(ref, message))),
        store.update([ref], (records) => ({ put: [], reply: records.get(ref)?.message })),
      ]);
      expect(message).toEqual(before);
      expect(seen).toEqual(before);
      expect(await store.get(ref)).toEqual(before);
    },
  },
];

function count(store: SessionStore, number: number): Promise<number> {
  return store.update([sessionRef(number)], countUp(sessionRef(number)));
}

/** The same, where the record is not named but asked for. */
function askAndCount(store: SessionStore, number: number): Promise<number> {
  const ref = sessionRef(number);
  return store.update([], (records) => {
    const need = records.missing([ref]);
    return need.length > 0 ? { need } : countUp(ref)(records);
  });
}

async function later<T>(delayMs: number, work: () => Promise<T>): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, delayMs / 5));
  return work();
}
