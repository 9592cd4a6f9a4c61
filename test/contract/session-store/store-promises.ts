import { expect } from "vitest";
import { GatewayError } from "../../../src/domain/errors.ts";
import { cisSessions } from "../../../src/store/record-kinds.ts";
import type { ContractTest } from "./contract-test.ts";
import { countUp, getCount, putSession, sessionRef } from "./records.ts";
import { followSessions } from "./watch-log.ts";

/** Promises 19 and 20. */
export const storePromises: readonly ContractTest[] = [
  {
    name: "19. answers a ping, also beside updates, which it does not disturb",
    async run({ open }) {
      const store = await open();
      const work = Array.from({ length: 20 }, (_, number) => [putSession(store, number), store.ping()]);
      await Promise.all(work.flat());
      await expect(store.ping()).resolves.toBeUndefined();
      expect(await getCount(store, 19)).toBe(1);
    },
  },
  {
    name: "20. finishes the updates that were handed in when it closes",
    async run({ open }) {
      const store = await open();
      const updates = Array.from({ length: 300 }, () => store.update([sessionRef(1)], countUp(sessionRef(1))));
      const closed = store.close();
      expect((await Promise.all(updates)).at(-1)).toBe(300);
      await closed;
    },
  },
  {
    name: "20. has kept them for the next who opens it",
    needsReopen: true,
    async run({ open, reopen }) {
      const store = await open();
      void putSession(store, 1, 5);
      await store.close();
      expect(await getCount(await reopen(), 1)).toBe(5);
    },
  },
  {
    name: "20. refuses every call once it is closed, as often as it is closed",
    async run({ open }) {
      const store = await open();
      await Promise.all([store.close(), store.close()]);
      await store.close();
      const calls = [
        () => store.update([], () => ({ put: [], reply: undefined })),
        () => store.get(sessionRef(1)),
        () => store.list({ kind: cisSessions, order: "key", limit: 1 }),
        () => store.due(0, 1),
        () => store.nextDueAt(),
        () => store.ping(),
        () => store.watch({ kind: cisSessions, signal: new AbortController().signal })[Symbol.asyncIterator]().next(),
      ];
      for (const call of calls) {
        const error = await call().then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(error).toBeInstanceOf(GatewayError);
        expect(error).toMatchObject({ kind: "unavailable", retryAfterMs: expect.any(Number) });
      }
    },
  },
  {
    name: "20. ends watches without an error when it closes",
    async run({ open }) {
      const store = await open();
      await putSession(store, 1);
      const log = followSessions(store);
      await log.until(1);
      await store.close();
      expect(await log.ended).toBeUndefined();
    },
  },
];
