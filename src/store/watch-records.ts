import { setImmediate as nextTurn } from "node:timers/promises";
import type { DescMessage } from "@bufbuild/protobuf";
import { checkKey } from "./check-key.ts";
import type { CommitSignal } from "./commit-signal.ts";
import { decodeRecord } from "./record-codec.ts";
import { BadPositionError, type WatchEvent, type WatchQuery } from "./session-store.ts";
import type { StandingRow, StoredChange, StoreReader } from "./store-engine.ts";
import { storeFault } from "./store-fault.ts";
import { formatWatchCursor, parseWatchCursor, type WatchCursor } from "./watch-cursor.ts";

/** How many rows or changes a watch reads, and holds, at a time. */
const pageSize = 100;

/**
 * As SessionStore.watch() promises. The watch begins with this call: what is committed between it and the first event that
 * is asked for is not left out.
 *
 * @param query Its signal ends the watch.
 */
export function watchRecords<Desc extends DescMessage>(
  reader: StoreReader,
  commits: CommitSignal,
  query: WatchQuery<Desc>,
): AsyncIterable<WatchEvent<Desc>> {
  const begun = begin(reader, query);
  // Whoever asks for the first event is told of a failure; where nobody asks it is not unhandled.
  begun.catch(() => {});
  return follow(reader, commits, query, begun);
}

async function begin(reader: StoreReader, { kind, key, cursor }: WatchQuery): Promise<WatchCursor> {
  const fault = kind.watched ? key && checkKey({ kind, key }) : storeFault(`${kind.name} is not a watched kind`);
  if (fault !== undefined) {
    throw fault;
  }
  const head = await reader.head();
  if (cursor === undefined) {
    return { round: "first", head, position: 0 };
  }
  const parsed = parseWatchCursor(kind, cursor, head);
  if (parsed instanceof BadPositionError) {
    throw parsed;
  }
  return parsed;
}

async function* follow<Desc extends DescMessage>(
  reader: StoreReader,
  commits: CommitSignal,
  query: WatchQuery<Desc>,
  begun: Promise<WatchCursor>,
): AsyncGenerator<WatchEvent<Desc>, void, undefined> {
  const start = await begun;
  const rounds = start.round === "first" ? [firstRound(reader, query, start)] : [];
  const seq = start.round === "first" ? start.head : start.seq;
  for (const events of [...rounds, tail(reader, commits, query, seq)]) {
    for await (const event of events) {
      if (query.signal.aborted) {
        return;
      }
      yield event;
    }
  }
}

/** The records that have not changed since the watch began, as they stand. The others come with their changes. */
async function* firstRound<Desc extends DescMessage>(
  reader: StoreReader,
  { kind, key, signal }: WatchQuery<Desc>,
  { head, position }: WatchCursor & { round: "first" },
): AsyncGenerator<WatchEvent<Desc>, void, undefined> {
  const toEvent = (row: StandingRow): WatchEvent<Desc> => ({
    message: decodeRecord(kind, row.message),
    key: row.key,
    cursor: formatWatchCursor(kind, { round: "first", head, position: row.position }),
  });
  let after: number | undefined = position;
  while (after !== undefined && !signal.aborted) {
    const page = await reader.standing({ kind: kind.name, key, changedUpTo: head, after, limit: pageSize });
    for (const row of page.rows) {
      yield toEvent(row);
    }
    after = page.next;
    await nextTurn();
  }
}

/** Every change behind a sequence number. */
async function* tail<Desc extends DescMessage>(
  reader: StoreReader,
  commits: CommitSignal,
  { kind, key, signal }: WatchQuery<Desc>,
  seq: number,
): AsyncGenerator<WatchEvent<Desc>, void, undefined> {
  const toEvent = (change: StoredChange): WatchEvent<Desc> => ({
    message: change.message && decodeRecord(kind, change.message),
    key: change.key,
    cursor: formatWatchCursor(kind, { round: "tail", seq: change.seq }),
  });
  let after = seq;
  while (!signal.aborted) {
    const revision = commits.revision(kind.name);
    const page = await reader.changes({ kind: kind.name, key, after, limit: pageSize });
    for (const change of page.changes) {
      yield toEvent(change);
    }
    after = page.upTo;
    // Other calls get their turn between the pages of a watch that is far behind.
    await (page.more ? nextTurn() : commits.wait(kind.name, revision, signal));
  }
}
