import type { BatchLimits } from "./batch-limits.ts";
import { BatchOverlay } from "./batch-overlay.ts";
import type { PendingUpdate } from "./pending-update.ts";
import type { StoreEngine } from "./store-engine.ts";

/** A batch that is durable. */
export interface BatchResult {
  /** How many of the updates were decided, from the first. The others did not fit in. */
  readonly decidedCount: number;
  /** The kinds of which a watched record changed. */
  readonly changedKinds: ReadonlySet<string>;
  /** Whether anything was written. */
  readonly wrote: boolean;
  /** When the first of the put records falls due, Infinity where none does. */
  readonly earliestDueAt: number;
}

/**
 * Decides updates in their order, each over what those before it left, in one transaction, and makes it durable.
 *
 * @throws what the engine rejects with; then nothing is kept.
 */
export async function runBatch(
  engine: StoreEngine,
  updates: readonly PendingUpdate[],
  limits: BatchLimits,
): Promise<BatchResult> {
  const overlay = new BatchOverlay();
  for (const update of updates) {
    update.join(overlay);
  }
  overlay.fill(await engine.begin(overlay.unloaded()));
  const decidedCount = await decideInOrder(engine, overlay, updates, limits);
  const writes = overlay.writes();
  await engine.commit(writes);
  return {
    decidedCount,
    changedKinds: new Set(writes.changes.map(({ kind }) => kind)),
    wrote: writes.puts.length > 0 || writes.removes.length > 0,
    earliestDueAt: overlay.earliestDueAt,
  };
}

async function decideInOrder(
  engine: StoreEngine,
  overlay: BatchOverlay,
  updates: readonly PendingUpdate[],
  limits: BatchLimits,
): Promise<number> {
  let index = 0;
  for (const update of updates) {
    if (overlay.putCount >= limits.maxPuts || overlay.byteCount >= limits.maxBytes) {
      break;
    }
    index++;
    while (update.decide(overlay) === "needs more") {
      // The updates behind it will need records too, and one load for all is quicker than one for each.
      foresee(overlay, updates, index, limits);
      overlay.fill(await engine.load(overlay.unloaded()));
    }
  }
  return index;
}

function foresee(overlay: BatchOverlay, updates: readonly PendingUpdate[], from: number, limits: BatchLimits): void {
  for (let index = from; index < updates.length && overlay.unloadedCount < limits.maxPuts; index++) {
    updates[index]?.foresee();
  }
}
