import { setImmediate as nextTurn } from "node:timers/promises";
import { GatewayError } from "../domain/errors.ts";
import { type BatchLimits, defaultBatchLimits } from "./batch-limits.ts";
import { checkKey } from "./check-key.ts";
import { PendingUpdate } from "./pending-update.ts";
import type { RecordRef } from "./record-kind.ts";
import { type BatchResult, runBatch } from "./run-batch.ts";
import type { Decide } from "./session-store.ts";
import type { StoreEngine } from "./store-engine.ts";
import { TransactionLostError } from "./transaction-lost-error.ts";

/** How often a batch is tried that loses against other processes. */
const maxTries = 10;

/** When to come back to a queue that is full, in milliseconds: it holds some seconds of work. */
const fullRetryMs = 1000;

/**
 * Makes updates durable many at a time: those that arrive while a batch is being committed form the next one, so that one
 * fsync pays for many calls. Nothing is told to a caller, a refusal included, before what it may have seen is durable.
 */
export class GroupCommit {
  readonly #engine: StoreEngine;
  readonly #onBatch: (result: BatchResult) => void;
  readonly #limits: BatchLimits;
  readonly #queue: PendingUpdate[] = [];
  #running: Promise<void> | undefined;

  /** @param onBatch Is told of each durable batch, after the replies have left. */
  constructor(engine: StoreEngine, onBatch: (result: BatchResult) => void, limits: BatchLimits = defaultBatchLimits) {
    this.#engine = engine;
    this.#onBatch = onBatch;
    this.#limits = limits;
  }

  /** As SessionStore.update() promises. */
  async update<Reply>(refs: readonly RecordRef[], decide: Decide<Reply>): Promise<Reply> {
    const fault = this.#faultOf(refs);
    if (fault !== undefined) {
      throw fault;
    }
    return new Promise<Reply>((resolve, reject) => {
      // What `decide` replies is what is resolved with.
      this.#queue.push(new PendingUpdate(refs, decide, resolve as (reply: unknown) => void, reject));
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  #faultOf(refs: readonly RecordRef[]): GatewayError | undefined {
    if (this.#queue.length >= this.#limits.maxWaiting) {
      return new GatewayError("unavailable", "The gateway has more to store than it can.", {
        retryAfterMs: fullRetryMs,
      });
    }
    for (const ref of refs) {
      const fault = checkKey(ref);
      if (fault !== undefined) {
        return fault;
      }
    }
    return undefined;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      // All calls that the sockets hold by now are read before the batch begins, and join it.
      await nextTurn();
      const updates = this.#queue.splice(0, this.#limits.maxUpdates);
      const left = await this.#commit(updates);
      this.#queue.unshift(...left);
    }
    this.#running = undefined;
  }

  /** Resolves to the updates that did not fit in. */
  async #commit(updates: readonly PendingUpdate[]): Promise<readonly PendingUpdate[]> {
    let result: BatchResult;
    try {
      result = await this.#tryBatch(updates);
    } catch (error) {
      for (const update of updates) {
        update.fail(error);
      }
      return [];
    }
    for (const update of updates.slice(0, result.decidedCount)) {
      update.settle();
    }
    if (result.wrote) {
      this.#onBatch(result);
    }
    return updates.slice(result.decidedCount);
  }

  async #tryBatch(updates: readonly PendingUpdate[]): Promise<BatchResult> {
    for (let tries = 1; ; tries++) {
      try {
        return await runBatch(this.#engine, updates, this.#limits);
      } catch (error) {
        // A fault in the program may have left the transaction open. What is told is why the batch failed, not this.
        await this.#engine.rollback().catch(() => {});
        if (!(error instanceof TransactionLostError)) {
          throw error;
        }
        if (tries === maxTries) {
          throw lostForGood(error);
        }
      }
    }
  }
}

function lostForGood(cause: TransactionLostError): GatewayError {
  return new GatewayError("unavailable", "The record is being changed by too many at once.", {
    cause,
    retryAfterMs: 100,
  });
}
