import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "../observability/log.ts";
import type { Clock } from "../services/clock.ts";
import type { RecordRef } from "../store/record-kind.ts";
import type { DueRecord, SessionStore } from "../store/session-store.ts";

/** How many due records are handled at a time. */
const batchSize = 256;

/** How long to sleep at the most, in milliseconds: another process may have set an earlier time, or be gone. */
const longestSleepMs = 1000;

interface SchedulerOptions {
  readonly store: SessionStore;
  /** What to do with a due record, by the name of its kind. It must move or remove the time at which the record is due. */
  readonly timers: Readonly<Record<string, (ref: RecordRef) => Promise<void>>>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Scheduler {
  /** Resolves once the timers that were running have finished. */
  stop(): Promise<void>;
}

/**
 * Runs the timer of every record that falls due, the longest due first. Any number of processes may do so over one store, for
 * a timer is an ordinary update that looks at the state it finds.
 */
export function startScheduler({ store, timers, clock, log }: SchedulerOptions): Scheduler {
  const stopping = new AbortController();
  let wakeAt = Number.POSITIVE_INFINITY;
  let wake = () => {};
  let failedCount = 0;

  const unsubscribe = store.onCommit((earliestDueAt) => {
    if (earliestDueAt < wakeAt) {
      wake();
    }
  });

  /** Resolves to whether more may be due already. */
  async function runDue(): Promise<boolean> {
    // What failed last is still the longest due, and must not keep the rest from its turn.
    const limit = batchSize + failedCount;
    const due = await store.due(clock(), limit);
    const done = await Promise.all(due.map(runTimer));
    failedCount = done.filter((isDone) => !isDone).length;
    if (failedCount > 0) {
      // What failed is still due, and would be tried again at once for ever.
      await pauseUnlessStopping();
    }
    return due.length === limit;
  }

  async function runTimer({ ref }: DueRecord): Promise<boolean> {
    try {
      await timers[ref.kind.name]?.(ref);
      return true;
    } catch (error) {
      log.error({ err: error, kind: ref.kind.name, key: ref.key }, "timer failed");
      return false;
    }
  }

  async function sleepUntilNext(): Promise<void> {
    const slept = new Promise<void>((resolve) => {
      wake = resolve;
    });
    wakeAt = (await store.nextDueAt()) ?? Number.POSITIVE_INFINITY;
    const delayMs = Math.min(Math.max(wakeAt - clock(), 0), longestSleepMs);
    const timer = setTimeout(wake, delayMs);
    await slept;
    clearTimeout(timer);
    wakeAt = Number.POSITIVE_INFINITY;
  }

  async function pauseUnlessStopping(): Promise<void> {
    await pause(longestSleepMs, undefined, { signal: stopping.signal }).catch(() => {});
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const more = await runDue();
        if (!more && !stopping.signal.aborted) {
          await sleepUntilNext();
        }
      } catch (error) {
        log.error({ err: error }, "scheduler failed");
        await pauseUnlessStopping();
      }
    }
  }

  stopping.signal.addEventListener("abort", () => wake());
  const running = run();
  return {
    async stop() {
      unsubscribe();
      stopping.abort();
      await running;
    },
  };
}
