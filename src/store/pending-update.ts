import type { BatchOverlay } from "./batch-overlay.ts";
import { checkKey } from "./check-key.ts";
import type { RecordRef } from "./record-kind.ts";
import type { Decide, Decision } from "./session-store.ts";
import { stagePut } from "./staged-put.ts";
import { storeFault } from "./store-fault.ts";
import { UpdateRecords } from "./update-records.ts";

/** How many records one update may see. */
const maxRecords = 16_384;

type Outcome = { readonly reply: unknown } | { readonly error: unknown };

/** An update on its way through a batch: what it asked for, and what came of it, which is told only when it is settled. */
export class PendingUpdate {
  readonly #refs: readonly RecordRef[];
  readonly #decide: Decide<unknown>;
  readonly #resolve: (reply: unknown) => void;
  readonly #reject: (error: unknown) => void;
  #records: UpdateRecords | undefined;
  #outcome: Outcome | undefined;

  constructor(
    refs: readonly RecordRef[],
    decide: Decide<unknown>,
    resolve: (reply: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.#refs = refs;
    this.#decide = decide;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** How many records it names from the start. */
  get refCount(): number {
    return this.#refs.length;
  }

  /** Joins a batch, or joins another one from the start. Its records are marked to be loaded. */
  join(overlay: BatchOverlay): void {
    this.#outcome = undefined;
    this.#records = new UpdateRecords(overlay, this.#refs);
  }

  /**
   * Decides and takes over what was decided, all or nothing. Where records must be loaded first, marks them and says so:
   * then it is to be called again.
   */
  decide(overlay: BatchOverlay): "decided" | "needs more" {
    try {
      for (;;) {
        const decision = this.#decide(this.#loaded());
        if ("need" in decision) {
          this.#name(decision.need);
          if (overlay.unloadedCount > 0) {
            return "needs more";
          }
        } else {
          return this.#take(decision, overlay);
        }
      }
    } catch (error) {
      this.#outcome = { error };
      return "decided";
    }
  }

  /** Marks what it would need next, by a decision that counts for nothing. */
  foresee(): void {
    try {
      const decision = this.#decide(this.#loaded());
      if ("need" in decision) {
        this.#name(decision.need);
      }
    } catch {
      // The decision that counts will fail in the same way and say so.
    }
  }

  /** Tells what came of it. */
  settle(): void {
    const outcome = this.#outcome ?? { error: storeFault("an update was settled before it was decided") };
    if ("reply" in outcome) {
      this.#resolve(outcome.reply);
    } else {
      this.#reject(outcome.error);
    }
  }

  /** Tells that nothing came of it. */
  fail(error: unknown): void {
    this.#reject(error);
  }

  #loaded(): UpdateRecords {
    if (this.#records === undefined) {
      throw storeFault("an update was decided before it joined a batch");
    }
    return this.#records;
  }

  #name(refs: readonly RecordRef[]): void {
    const records = this.#loaded();
    const before = records.count;
    checkKeys(refs);
    records.name(refs);
    if (records.count === before) {
      throw storeFault("a decision asks for records that it has been given");
    }
    if (records.count > maxRecords) {
      throw storeFault(`an update asks for more than ${maxRecords} records`);
    }
  }

  #take(decision: Exclude<Decision<unknown>, { need: unknown }>, overlay: BatchOverlay): "decided" | "needs more" {
    if ("refuse" in decision) {
      this.#outcome = { error: decision.refuse };
      return "decided";
    }
    const { put, remove = [], reply } = decision;
    checkKeys(remove);
    const removed = remove.map((ref) => overlay.enter(ref));
    if (overlay.unloadedCount > 0) {
      return "needs more";
    }
    const staged = put.map(stagePut);
    for (const entry of removed) {
      overlay.remove(entry);
    }
    for (const one of staged) {
      overlay.put(one);
    }
    this.#outcome = { reply };
    return "decided";
  }
}

function checkKeys(refs: readonly RecordRef[]): void {
  for (const ref of refs) {
    const fault = checkKey(ref);
    if (fault !== undefined) {
      throw fault;
    }
  }
}
