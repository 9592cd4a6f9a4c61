import type { DescMessage } from "@bufbuild/protobuf";
import type { BatchLimits } from "./batch-limits.ts";
import { checkKey } from "./check-key.ts";
import { closableReader } from "./closable-reader.ts";
import { CommitSignal } from "./commit-signal.ts";
import { GroupCommit } from "./group-commit.ts";
import { listRecords } from "./list-records.ts";
import { decodeRecord } from "./record-codec.ts";
import type { RecordKind } from "./record-kind.ts";
import { recordKinds } from "./record-kinds.ts";
import type { BatchResult } from "./run-batch.ts";
import type { DueRecord, SessionStore, WatchEvent, WatchQuery } from "./session-store.ts";
import { storeClosed } from "./store-closed.ts";
import type { DueRow, StoreEngine } from "./store-engine.ts";
import { storeFault } from "./store-fault.ts";
import { watchRecords } from "./watch-records.ts";

interface SessionStoreOptions {
  readonly limits?: BatchLimits;
  /** How often a watch looks for changes that other processes made, in milliseconds. */
  readonly pollMs?: number;
}

/** A session store over an engine, which it closes when it is closed. */
export function createSessionStore(engine: StoreEngine, options: SessionStoreOptions = {}): SessionStore {
  const ending = new AbortController();
  const reader = closableReader(engine, ending.signal);
  const commits = new CommitSignal(() => reader.head(), options.pollMs ?? 1000);
  const listeners = new Set<(earliestDueAt: number) => void>();
  const groupCommit = new GroupCommit(engine, tellOfBatch, options.limits);
  let closing: Promise<void> | undefined;

  function tellOfBatch({ changedKinds, earliestDueAt }: BatchResult): void {
    commits.wake(changedKinds);
    for (const listener of listeners) {
      callListener(listener, earliestDueAt);
    }
  }

  async function close(): Promise<void> {
    ending.abort();
    await groupCommit.idle();
    await engine.close();
  }

  return {
    async update(refs, decide) {
      if (ending.signal.aborted) {
        throw storeClosed();
      }
      return groupCommit.update(refs, decide);
    },

    async get(ref) {
      const fault = checkKey(ref);
      if (fault !== undefined) {
        throw fault;
      }
      const row = await reader.get({ kind: ref.kind.name, key: ref.key });
      return row && decodeRecord(ref.kind, row.message);
    },

    list: (query) => listRecords(reader, query),

    watch<Desc extends DescMessage>(query: WatchQuery<Desc>): AsyncIterable<WatchEvent<Desc>> {
      return watchRecords(reader, commits, { ...query, signal: AbortSignal.any([query.signal, ending.signal]) });
    },

    due: async (now, limit) => (await reader.due(now, limit)).map(dueRecord),
    nextDueAt: () => reader.nextDueAt(),

    onCommit(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },

    ping: () => reader.ping(),

    close() {
      closing ??= close();
      return closing;
    },
  };
}

/** A listener that throws is a fault in the program, and none of the updates that are durable by now. */
function callListener(listener: (earliestDueAt: number) => void, earliestDueAt: number): void {
  try {
    listener(earliestDueAt);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function dueRecord({ kind, key, dueAt }: DueRow): DueRecord {
  return { ref: { kind: kindNamed(kind), key }, dueAt };
}

function kindNamed(name: string): RecordKind {
  const kind = recordKinds.find((candidate) => candidate.name === name);
  if (kind === undefined) {
    throw storeFault(`the engine knows a kind that the store does not: ${name}`);
  }
  return kind;
}
