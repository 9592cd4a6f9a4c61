import { expect, test } from "vitest";
import { CommitSignal } from "../../src/store/commit-signal.ts";

const never = new AbortController().signal;

test("a wake-up between looking and waiting is not missed", async () => {
  const commits = new CommitSignal(async () => 0, 60_000);
  const revision = commits.revision("a");
  commits.wake(["a"]);
  await commits.wait("a", revision, never);
  expect(commits.revision("a")).not.toBe(revision);
});

test("only those who wait for the kind are woken", async () => {
  const commits = new CommitSignal(async () => 0, 60_000);
  const stopping = new AbortController();
  const woken: string[] = [];
  const waits = ["a", "b"].map((kind) => commits.wait(kind, 0, stopping.signal).then(() => woken.push(kind)));
  commits.wake(["b"]);
  await Promise.resolve();
  expect(woken).toEqual(["b"]);
  stopping.abort();
  await Promise.all(waits);
  expect(woken).toEqual(["b", "a"]);
});

test("changes of other processes are found, and so is a store that cannot be read", async () => {
  for (const readHead of [async () => 7, async () => Promise.reject(new Error("gone"))]) {
    await new CommitSignal(readHead, 5).wait("a", 0, never);
  }
});

test("nobody is woken while nothing changes, and nothing is read while nobody waits", async () => {
  let reads = 0;
  const commits = new CommitSignal(async () => {
    reads++;
    return 7;
  }, 2);
  await commits.wait("a", 0, never);
  const stopping = new AbortController();
  const second = commits.wait("a", commits.revision("a"), stopping.signal);
  await expect.poll(() => reads).toBeGreaterThan(4);
  expect(commits.revision("a")).toBe(1);
  stopping.abort();
  await second;
  const before = reads;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(reads).toBe(before);
});
