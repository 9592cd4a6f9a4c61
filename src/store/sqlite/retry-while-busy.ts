import { setTimeout as pause } from "node:timers/promises";
import { isSqliteBusy, sqliteFailure } from "./sqlite-errors.ts";

/** How long to wait for other processes that write, in milliseconds. */
const patienceMs = 5000;

const longestPauseMs = 10;

/**
 * Does `work` until no other connection is in the way. Pauses in between without holding up the thread, which SQLite's own
 * busy time-out would do.
 *
 * @throws GatewayError as sqliteFailure() translates it; `unavailable` where the others stay in the way.
 */
export async function retryWhileBusy<T>(work: () => T): Promise<T> {
  let deadline: number | undefined;
  for (;;) {
    try {
      return work();
    } catch (error) {
      deadline ??= performance.now() + patienceMs;
      if (!isSqliteBusy(error) || performance.now() > deadline) {
        throw sqliteFailure(error);
      }
    }
    await pause(1 + Math.random() * longestPauseMs);
  }
}
