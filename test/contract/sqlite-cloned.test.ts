import { setImmediate as nextTurn } from "node:timers/promises";
import { createSessionStore } from "../../src/store/create-session-store.ts";
import { openSqliteEngine } from "../../src/store/sqlite/open-sqlite-engine.ts";
import type { StoreEngine } from "../../src/store/store-engine.ts";
import { describeSessionStore, restartTests } from "./session-store.contract.ts";

/** An engine as if on another thread: all that crosses the seam is cloned, and takes a turn each way. */
function onAnotherThread(engine: StoreEngine): StoreEngine {
  return new Proxy(engine, {
    get:
      (target, name: keyof StoreEngine) =>
      async (...parameters: readonly unknown[]) => {
        const method = target[name] as (...cloned: readonly unknown[]) => Promise<unknown>;
        const sent = structuredClone(parameters);
        await nextTurn();
        const result = structuredClone(await method(...sent));
        await nextTurn();
        return result;
      },
  });
}

describeSessionStore("SQLite behind a thread boundary", {
  open: async () => createSessionStore(onAnotherThread(openSqliteEngine("memory", { scanLimit: 3 }).engine)),
  skip: [{ reason: "what is in memory is gone with its connection", tests: restartTests }],
});
