import { storeClosed } from "./store-closed.ts";
import type { StoreReader } from "./store-engine.ts";

/** A reader that refuses what is asked of it once `closed` is aborted. What is being read by then is finished. */
export function closableReader(reader: StoreReader, closed: AbortSignal): StoreReader {
  function open(): StoreReader {
    if (closed.aborted) {
      throw storeClosed();
    }
    return reader;
  }

  return {
    get: async (ref) => open().get(ref),
    page: async (query) => open().page(query),
    standing: async (query) => open().standing(query),
    changes: async (query) => open().changes(query),
    head: async () => open().head(),
    due: async (now, limit) => open().due(now, limit),
    nextDueAt: async () => open().nextDueAt(),
    ping: async () => open().ping(),
  };
}
