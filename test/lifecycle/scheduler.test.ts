import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { pino } from "pino";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { CisSessionRecordSchema } from "../../src/gen/sessiongateway/store/v1/records_pb.ts";
import { startScheduler } from "../../src/lifecycle/scheduler.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { RecordRef } from "../../src/store/record-kind.ts";
import { cisSessionRef } from "../../src/store/record-kinds.ts";
import { put, type SessionStore } from "../../src/store/session-store.ts";

async function keep(store: SessionStore, scanJobId: string, dueAt: number | undefined): Promise<void> {
  const ref = cisSessionRef(scanJobId);
  const record = create(CisSessionRecordSchema, { session: { scanJobId } });
  await store.update([ref], () => ({ put: [put(ref, record, dueAt)], reply: undefined }));
}

async function start(timer: (store: SessionStore, ref: RecordRef) => Promise<void>, lines: string[] = []) {
  const store = await openStore("sqlite::memory:");
  const scheduler = startScheduler({
    store,
    timers: { cis_session: (ref) => timer(store, ref) },
    clock: Date.now,
    log: pino({}, { write: (line: string) => lines.push(line) }),
  });
  onTestFinished(async () => {
    await scheduler.stop();
    await store.close();
  });
  return store;
}

describe("the scheduler", () => {
  test("runs each record when it falls due, the earliest first, and none twice", async () => {
    const ran: unknown[] = [];
    const lateBy: number[] = [];
    const dueAt = new Map<unknown, number>();
    const store = await start(async (_, { key: [id] }) => {
      ran.push(id);
      lateBy.push(Date.now() - (dueAt.get(id) ?? 0));
      await keep(store, String(id), undefined);
    });
    const ids = Array.from({ length: 5 }, () => randomUUID());
    const now = Date.now();
    for (const [index, id] of [...ids.entries()].reverse()) {
      dueAt.set(id, now + 100 + index * 60);
      await keep(store, id, dueAt.get(id));
    }
    await keep(store, randomUUID(), now + 3_600_000);
    await vi.waitFor(() => expect(ran).toEqual(ids), { timeout: 5000 });
    expect(Math.min(...lateBy)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...lateBy)).toBeLessThan(500);
  });

  test("runs at once what fell due while nothing ran", async () => {
    const ran: unknown[] = [];
    const store = await start(async (_, { key: [id] }) => {
      ran.push(id);
      await keep(store, String(id), undefined);
    });
    const ids = Array.from({ length: 600 }, () => randomUUID());
    await Promise.all(ids.map((id) => keep(store, id, Date.now() - 60_000)));
    await vi.waitFor(() => expect(new Set(ran).size).toBe(600), { timeout: 5000 });
    expect(ran).toHaveLength(600);
  });

  test("goes on after a timer that fails, tries it again later, and says so", async () => {
    const tries: unknown[] = [];
    const lines: string[] = [];
    const broken = randomUUID();
    const sound = randomUUID();
    const store = await start(async (_, { key: [id] }) => {
      tries.push(id);
      if (id === broken && tries.filter((each) => each === broken).length < 2) {
        throw new Error("not this time");
      }
      await keep(store, String(id), undefined);
    }, lines);
    await keep(store, broken, Date.now() - 1000);
    await keep(store, sound, Date.now() - 500);
    await vi.waitFor(() => expect(tries.filter((id) => id === broken)).toHaveLength(2), { timeout: 5000 });
    expect(tries).toContain(sound);
    expect(lines.join()).toContain("not this time");
  });
});
