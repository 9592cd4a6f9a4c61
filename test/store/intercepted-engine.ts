import { openSqliteEngine } from "../../src/store/sqlite/open-sqlite-engine.ts";
import type { StoreEngine } from "../../src/store/store-engine.ts";

/** What to do before an engine is called, such as to wait or to throw. */
export type Before = Partial<Record<keyof StoreEngine, () => unknown>>;

/** A real engine whose calls are counted, and may be held up or made to fail before they reach it. */
export interface InterceptedEngine {
  readonly engine: StoreEngine;
  readonly calls: (keyof StoreEngine)[];
}

/** A SQLite engine in memory. */
export function interceptedEngine(before: Before = {}): InterceptedEngine {
  const calls: (keyof StoreEngine)[] = [];
  const engine = new Proxy(openSqliteEngine("memory").engine, {
    get:
      (target, name: keyof StoreEngine) =>
      async (...parameters: readonly unknown[]) => {
        calls.push(name);
        await before[name]?.();
        const method = target[name] as (...same: readonly unknown[]) => unknown;
        return method(...parameters);
      },
  });
  return { engine, calls };
}
