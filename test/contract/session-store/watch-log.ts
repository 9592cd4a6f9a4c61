import { setTimeout as pause } from "node:timers/promises";
import type { CisSessionRecordSchema } from "../../../src/gen/sessiongateway/store/v1/records_pb.ts";
import { cisSessions } from "../../../src/store/record-kinds.ts";
import type { SessionStore, WatchEvent } from "../../../src/store/session-store.ts";
import { countOf } from "./records.ts";

interface WatchLogOptions {
  readonly cursor?: string;
  readonly key?: readonly string[];
  /** How long each event takes to be dealt with. */
  readonly delayMs?: number;
}

/** A watch of sessions that is being followed. */
export interface WatchLog {
  readonly events: readonly WatchEvent<typeof CisSessionRecordSchema>[];
  /** Resolves with what the watch ended with: nothing, or an error. */
  readonly ended: Promise<unknown>;
  /** Resolves when there are this many events. */
  until(count: number): Promise<void>;
  stop(): Promise<unknown>;
}

/** Follows a watch of sessions. */
export function followSessions(store: SessionStore, options: WatchLogOptions = {}): WatchLog {
  const { cursor, key, delayMs = 0 } = options;
  const stopping = new AbortController();
  const events: WatchEvent<typeof CisSessionRecordSchema>[] = [];
  const watch = store.watch({
    kind: cisSessions,
    signal: stopping.signal,
    ...(cursor === undefined ? {} : { cursor }),
    ...(key === undefined ? {} : { key }),
  });

  async function follow(): Promise<void> {
    for await (const event of watch) {
      events.push(event);
      if (delayMs > 0) {
        await pause(delayMs);
      }
    }
  }

  const ended = follow().then(
    () => undefined,
    (error: unknown) => error,
  );
  return {
    events,
    ended,
    async until(count) {
      const deadline = performance.now() + 3000;
      while (events.length < count && performance.now() < deadline) {
        await pause(1);
      }
      if (events.length < count) {
        throw new Error(`saw ${events.length} events in place of ${count}: ${textsOf(events).join(" ")}`);
      }
    },
    stop() {
      stopping.abort();
      return ended;
    },
  };
}

/** Events as texts: the last two digits of the scan job, and the count, or "-" where the record was removed. */
export function textsOf(events: readonly WatchEvent<typeof CisSessionRecordSchema>[]): readonly string[] {
  return events.map(
    ({ key, message }) => `${String(key[0]).slice(-2)}:${message === undefined ? "-" : countOf(message)}`,
  );
}
