import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { openStore } from "../../src/store/open-store.ts";
import { cisSessions } from "../../src/store/record-kinds.ts";
import type { SessionStore } from "../../src/store/session-store.ts";
import { countOf, getCount, sessionRef } from "../contract/session-store/records.ts";
import { counterOf, isOfPair, pairOf } from "./store-kill.records.ts";

const child = fileURLToPath(new URL("./store-kill.child.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "store-kill-"));
const rounds = 4;
const pairsPerRound = 1_000_000;

/** A batch takes some 2 ms: the child is killed anywhere in one, and not always where it has just answered. */
const longestDelayMs = 5;

/** What a child was told that it may rely on. */
interface Acknowledged {
  readonly pairs: number[];
  readonly counters: Map<number, number>;
}

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("a kill -9 under load loses no acknowledged update and leaves none half done", { timeout: 30_000 }, async () => {
  const path = join(folder, "killed.db");
  const acknowledged: Acknowledged = { pairs: [], counters: new Map() };
  for (let round = 0; round < rounds; round++) {
    const before = acknowledged.pairs.length;
    // The last child lives long enough to bring its log into the file.
    const pairCount = 500 + 1500 * round;
    await runUntilKilled(path, round * pairsPerRound, pairCount, acknowledged);
    expect(acknowledged.pairs.length).toBeGreaterThanOrEqual(before + pairCount);
    const store = await openStore(`sqlite:${path}`);
    await checkKept(store, acknowledged);
    await store.close();
    checkFile(path);
  }
});

/** Kills the child some milliseconds after it has acknowledged this many pairs, and reads all that it has said by then. */
async function runUntilKilled(path: string, firstPair: number, pairCount: number, acknowledged: Acknowledged) {
  const writer = spawn(process.execPath, [child, path, String(firstPair)], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = new Promise<NodeJS.Signals | null>((resolve) => {
    writer.on("exit", (_code, signal) => resolve(signal));
  });
  let pairs = 0;
  for await (const line of createInterface(writer.stdout)) {
    const [what, number, count] = line.split(" ");
    if (what === "pair") {
      acknowledged.pairs.push(Number(number));
      pairs++;
    } else if (count !== undefined) {
      acknowledged.counters.set(Number(number), Number(count));
    }
    if (pairs === pairCount) {
      setTimeout(() => writer.kill("SIGKILL"), Math.random() * longestDelayMs);
    }
  }
  expect(await exited).toBe("SIGKILL");
}

async function checkKept(store: SessionStore, { pairs, counters }: Acknowledged): Promise<void> {
  const kept = await countsByNumber(store);
  const lost = pairs.flatMap(pairOf).filter((number) => !kept.has(number));
  expect(lost).toEqual([]);
  const halves = [...kept].filter(([number, pair]) => isOfPair(number) && !pairOf(pair).every((one) => kept.has(one)));
  expect(halves).toEqual([]);
  for (const [caller, count] of counters) {
    expect(await getCount(store, counterOf(caller))).toBeGreaterThanOrEqual(count);
  }
}

/** The count of each record that a watch shows as standing. */
async function countsByNumber(store: SessionStore): Promise<ReadonlyMap<number, number>> {
  const total = await recordCount(store);
  const counts = new Map<number, number>();
  // A row without its change event would never be shown.
  const signal = AbortSignal.timeout(3000);
  for await (const { key, message } of store.watch({ kind: cisSessions, signal })) {
    counts.set(Number.parseInt(String(key[0]).slice(-12), 16), countOf(message));
    if (counts.size === total) {
      break;
    }
  }
  expect(counts.size).toBe(total);
  return counts;
}

async function recordCount(store: SessionStore): Promise<number> {
  let count = 0;
  for (let after: string | undefined; ; ) {
    const page = await store.list({
      kind: sessionRef(0).kind,
      order: "key",
      limit: 1000,
      ...(after === undefined ? {} : { after }),
    });
    count += page.messages.length;
    after = page.next;
    if (after === undefined) {
      return count;
    }
  }
}

function checkFile(path: string): void {
  const database = new DatabaseSync(path, { readOnly: true });
  expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  const withoutEvent = `SELECT count(*) AS count FROM cis_session LEFT JOIN change_event USING (seq)
    WHERE change_event.message IS NOT cis_session.message`;
  expect(database.prepare(withoutEvent).get()).toEqual({ count: 0 });
  database.close();
}
