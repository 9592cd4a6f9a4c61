import { create } from "@bufbuild/protobuf";
import { expect } from "vitest";
import { StreamingSessionRecordSchema } from "../../../src/gen/sessiongateway/store/v1/records_pb.ts";
import { streamingSessionRef } from "../../../src/store/record-kinds.ts";
import { put } from "../../../src/store/session-store.ts";
import type { ContractTest } from "./contract-test.ts";
import { keep, putSession, removeSession, scanJob, session, sessionRef } from "./records.ts";

/** Promises 16 to 18. */
export const timerPromises: readonly ContractTest[] = [
  {
    name: "16. gives the records that fell due, the longest due first, up to the limit",
    async run({ open }) {
      const store = await open();
      for (const [number, dueAt] of [
        [1, 300],
        [2, 100],
        [3, undefined],
        [4, 400],
        [5, 200],
      ] as const) {
        await putSession(store, number, 1, dueAt);
      }
      const due = async (now: number, limit: number) =>
        (await store.due(now, limit)).map(({ ref, dueAt }) => [ref.key[0], dueAt]);
      expect(await due(99, 10)).toEqual([]);
      expect(await due(300, 10)).toEqual([
        [scanJob(2), 100],
        [scanJob(5), 200],
        [scanJob(1), 300],
      ]);
      expect(await due(300, 2)).toHaveLength(2);
      expect((await store.due(100, 1))[0]?.ref).toEqual(sessionRef(2));
    },
  },
  {
    name: "16. follows a record whose time is moved, taken away, or goes with it",
    async run({ open }) {
      const store = await open();
      await putSession(store, 1, 1, 100);
      await putSession(store, 2, 1, 100);
      await putSession(store, 3, 1, 100);
      await putSession(store, 4, 1, 100);
      await putSession(store, 1, 2, 500);
      await putSession(store, 2, 2, undefined);
      await removeSession(store, 3);
      await putSession(store, 4, 2, 100);
      expect(await store.due(499, 10)).toEqual([{ ref: sessionRef(4), dueAt: 100 }]);
      expect(await store.due(500, 10)).toHaveLength(2);
    },
  },
  {
    name: "16. shows a decision when its record falls due",
    async run({ open }) {
      const store = await open();
      const ref = sessionRef(1);
      const dueAt = () => store.update([ref], (records) => ({ put: [], reply: records.get(ref)?.dueAt }));
      const [, inBatch] = await Promise.all([putSession(store, 1, 1, 100), dueAt()]);
      expect(inBatch).toBe(100);
      expect(await dueAt()).toBe(100);
      await putSession(store, 1, 1);
      expect(await dueAt()).toBeUndefined();
    },
  },
  {
    name: "16. gives records of all kinds in one order",
    async run({ open }) {
      const store = await open();
      const streaming = streamingSessionRef("studio", "session");
      await putSession(store, 1, 1, 300);
      await store.update([], () => keep(put(streaming, create(StreamingSessionRecordSchema), 200)));
      await putSession(store, 2, 1, 100);
      const due = await store.due(300, 10);
      expect(due.map(({ ref }) => ref)).toEqual([sessionRef(2), streaming, sessionRef(1)]);
      expect(await store.due(300, 2)).toEqual(due.slice(0, 2));
    },
  },
  {
    name: "17. tells when the next record falls due",
    async run({ open }) {
      const store = await open();
      expect(await store.nextDueAt()).toBeUndefined();
      await putSession(store, 1, 1, 300);
      await putSession(store, 2, 1, 200);
      expect(await store.nextDueAt()).toBe(200);
      await removeSession(store, 2);
      expect(await store.nextDueAt()).toBe(300);
    },
  },
  {
    name: "18. calls listeners after each batch with the earliest time, until they are taken away",
    async run({ open }) {
      const store = await open();
      const times: number[] = [];
      const unsubscribe = store.onCommit((earliest) => times.push(earliest));
      await putSession(store, 1, 1);
      expect(times).toEqual([Number.POSITIVE_INFINITY]);
      await store.update([], () => keep(put(sessionRef(2), session(1), 70), put(sessionRef(3), session(1), 60)));
      expect(times.slice(1)).toEqual([60]);
      unsubscribe();
      await putSession(store, 4, 1, 50);
      expect(times).toHaveLength(2);
    },
  },
  {
    name: "18. calls listeners when the batch is durable, not before",
    async run({ open }) {
      const store = await open();
      const seen: Promise<unknown>[] = [];
      store.onCommit(() => seen.push(store.get(sessionRef(1))));
      await putSession(store, 1, 1);
      expect((await Promise.all(seen)).map((message) => message !== undefined)).toEqual([true]);
    },
  },
];
