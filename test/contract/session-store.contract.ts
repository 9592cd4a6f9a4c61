import { afterEach, describe, expect, test } from "vitest";
import type { SessionStore } from "../../src/store/session-store.ts";
import type { ContractTest } from "./session-store/contract-test.ts";
import { listPromises } from "./session-store/list-promises.ts";
import { storePromises } from "./session-store/store-promises.ts";
import { timerPromises } from "./session-store/timer-promises.ts";
import { updatePromises } from "./session-store/update-promises.ts";
import { watchPromises } from "./session-store/watch-promises.ts";

/** What an engine brings to the suite. */
export interface StoreUnderTest {
  /** A new store that holds nothing. */
  readonly open: () => Promise<SessionStore>;
  /** Another store over the data of the one that was opened last, which may be open still. */
  readonly reopen?: () => Promise<SessionStore>;
  /** Tests, by their full names, that do not apply. */
  readonly skip?: readonly { readonly reason: string; readonly tests: readonly string[] }[];
}

const contractTests: readonly ContractTest[] = [
  ...updatePromises,
  ...listPromises,
  ...watchPromises,
  ...timerPromises,
  ...storePromises,
];

/** The tests that need reopen(). */
export const restartTests: readonly string[] = contractTests
  .filter(({ needsReopen }) => needsReopen)
  .map(({ name }) => name);

/** Tests an engine against the promises of SessionStore, each by its number. */
export function describeSessionStore(name: string, under: StoreUnderTest): void {
  const skips = under.skip ?? [];
  const opened: SessionStore[] = [];

  async function opening(open: (() => Promise<SessionStore>) | undefined): Promise<SessionStore> {
    if (open === undefined) {
      throw new Error("this engine has no reopen()");
    }
    const store = await open();
    opened.push(store);
    return store;
  }

  describe(`${name} as a session store`, () => {
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((store) => store.close()));
    });

    test("has a test for each promise, and skips none that does not exist", () => {
      const numbers = new Set(contractTests.map((contractTest) => Number.parseInt(contractTest.name, 10)));
      expect([...numbers].sort((one, other) => one - other)).toEqual(
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
      const names = contractTests.map((contractTest) => contractTest.name);
      expect(names).toEqual(expect.arrayContaining(skips.flatMap(({ tests }) => tests)));
    });

    for (const contractTest of contractTests) {
      test(contractTest.name, async ({ skip }) => {
        const skipped = skips.find(({ tests }) => tests.includes(contractTest.name));
        if (skipped !== undefined) {
          skip(skipped.reason);
        }
        await contractTest.run({ open: () => opening(under.open), reopen: () => opening(under.reopen) });
      });
    }
  });
}
