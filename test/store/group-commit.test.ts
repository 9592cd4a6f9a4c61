import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { GatewayError } from "../../src/domain/errors.ts";
import { defaultBatchLimits } from "../../src/store/batch-limits.ts";
import { createSessionStore } from "../../src/store/create-session-store.ts";
import { put, type SessionStore } from "../../src/store/session-store.ts";
import { TransactionLostError } from "../../src/store/transaction-lost-error.ts";
import {
  countOf,
  countUp,
  finding,
  findingRef,
  getCount,
  keep,
  putSession,
  sessionRef,
} from "../contract/session-store/records.ts";
import { followSessions, textsOf } from "../contract/session-store/watch-log.ts";
import { type Before, interceptedEngine } from "./intercepted-engine.ts";

const diskFull = new GatewayError("unavailable", "The store cannot be used just now.", { retryAfterMs: 1000 });

function open(before: Before = {}, limits = defaultBatchLimits) {
  const { engine, calls } = interceptedEngine(before);
  return { store: createSessionStore(engine, { limits }), calls };
}

function count(store: SessionStore, number: number): Promise<number> {
  return store.update([sessionRef(number)], countUp(sessionRef(number)));
}

/** A function that throws the first times it is called. */
function throwing(error: Error, times: number): () => void {
  let left = times;
  return () => {
    if (left-- > 0) {
      throw error;
    }
  };
}

describe("a batch", () => {
  test("crosses the seam twice for any number of concurrent updates", async () => {
    const { store, calls } = open();
    await Promise.all(Array.from({ length: 200 }, (_, number) => count(store, number % 50)));
    expect(calls).toEqual(["begin", "commit"]);
  });

  test("crosses it once more for all updates that ask for records", async () => {
    const { store, calls } = open();
    const telemetry = (number: number) =>
      store.update([sessionRef(number)], (records) => {
        const refs = ["a", "b", "c"].map((ruleId) => findingRef(number, 1, ruleId));
        const need = records.missing(refs);
        return need.length > 0 ? { need } : keep(...refs.map((ref) => put(ref, finding("a"))));
      });
    await Promise.all(Array.from({ length: 100 }, (_, number) => telemetry(number)));
    expect(calls).toEqual(["begin", "load", "commit"]);
  });

  test("takes no more updates, puts or bytes than its limits allow, and decides the rest in the next", async () => {
    const given: readonly [Partial<typeof defaultBatchLimits>, number][] = [
      [{ maxUpdates: 4 }, 3],
      [{ maxPuts: 3 }, 4],
      [{ maxBytes: 1 }, 10],
      [{}, 1],
    ];
    for (const [limits, batches] of given) {
      const { store, calls } = open({}, { ...defaultBatchLimits, ...limits });
      const counts = await Promise.all(Array.from({ length: 10 }, () => count(store, 1)));
      expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(calls.filter((call) => call === "commit")).toHaveLength(batches);
    }
  });

  test("writes a record that is put many times once, with an event for each put", async () => {
    const { engine } = interceptedEngine();
    const written: number[] = [];
    const store = createSessionStore({
      ...bound(engine),
      commit(batch) {
        written.push(batch.puts.length, batch.changes.length);
        return engine.commit(batch);
      },
    });
    await Promise.all([count(store, 1), count(store, 1), count(store, 2), count(store, 1)]);
    expect(written).toEqual([2, 4]);
    const log = followSessions(store);
    await log.until(2);
    await log.stop();
    expect(textsOf(log.events)).toEqual(["01:3", "02:1"]);
  });
});

describe("a failure of the engine", () => {
  const cases: readonly ["begin" | "load" | "commit"][] = [["begin"], ["load"], ["commit"]];
  test.each(cases)("in %s rejects each update of the batch with its error, and keeps nothing", async (method) => {
    const { store } = open({ [method]: throwing(diskFull, 1) });
    const updates = [
      count(store, 1),
      store.update([], (records) => {
        const need = records.missing([sessionRef(2)]);
        return need.length > 0 ? { need } : countUp(sessionRef(2))(records);
      }),
      store.update([sessionRef(1)], () => ({ refuse: new GatewayError("conflict", "Seen, but never durable.") })),
    ];
    const outcomes = await Promise.allSettled(updates);
    expect(outcomes).toEqual(updates.map(() => ({ status: "rejected", reason: diskFull })));
    expect([await getCount(store, 1), await getCount(store, 2)]).toEqual([0, 0]);
    expect(await count(store, 1)).toBe(1);
  });

  test("calls no listener and wakes no watch", async () => {
    const { store } = open({ commit: throwing(diskFull, 1) });
    const times: number[] = [];
    store.onCommit((earliestDueAt) => times.push(earliestDueAt));
    await expect(count(store, 1)).rejects.toBe(diskFull);
    expect(times).toEqual([]);
  });
});

describe("a transaction that is lost against another process", () => {
  test("is tried again from the start", async () => {
    const lost = throwing(new TransactionLostError("a deadlock"), 3);
    const { store, calls } = open({ commit: lost });
    expect(await Promise.all([count(store, 1), count(store, 1)])).toEqual([1, 2]);
    const lostTry = ["begin", "commit", "rollback"];
    expect(calls).toEqual([...lostTry, ...lostTry, ...lostTry, "begin", "commit"]);
  });

  test("is given up as unavailable after ten times", async () => {
    const lost = throwing(new TransactionLostError("a deadlock"), 10);
    const { store } = open({ begin: lost });
    await expect(count(store, 1)).rejects.toMatchObject({ kind: "unavailable", retryAfterMs: 100 });
    expect(await count(store, 1)).toBe(1);
  });
});

describe("a reply", () => {
  test("leaves only when what it saw is durable, though it wrote nothing itself", async () => {
    let durable = false;
    const { store } = open({
      async commit() {
        await pause(20);
        durable = true;
      },
    });
    const ref = sessionRef(1);
    const seen: unknown[] = [];
    await Promise.all([
      putSession(store, 1, 7),
      store
        .update([ref], (records) => ({ put: [], reply: countOf(records.get(ref)?.message) }))
        .then((reply) => seen.push(reply, durable)),
      store
        .update([ref], () => ({ refuse: new GatewayError("conflict", "It is there.") }))
        .catch(({ kind }: GatewayError) => seen.push(kind, durable)),
    ]);
    expect(seen).toEqual([7, true, "conflict", true]);
  });
});

describe("the queue", () => {
  test("refuses what is more than it can hold as unavailable, and nothing else", async () => {
    const { store } = open({}, { ...defaultBatchLimits, maxWaiting: 5 });
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => count(store, 1)));
    expect(outcomes.map(({ status }) => status === "fulfilled")).toEqual([...Array(5).fill(true), false, false, false]);
    expect(outcomes[7]).toMatchObject({ reason: { kind: "unavailable", retryAfterMs: 1000 } });
  });

  test("refuses a key that no engine can keep, before it joins a batch", async () => {
    const { store, calls } = open();
    const ref = { ...sessionRef(1), key: ["not a uuid"] };
    await expect(store.update([ref], () => keep())).rejects.toMatchObject({ kind: "invalid" });
    expect(calls).toEqual([]);
  });
});

function bound(engine: ReturnType<typeof interceptedEngine>["engine"]) {
  const { begin, load, rollback, get, page, standing, changes, head, due, nextDueAt, ping, close } = engine;
  return { begin, load, rollback, get, page, standing, changes, head, due, nextDueAt, ping, close };
}
