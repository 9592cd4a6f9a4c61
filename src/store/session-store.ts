import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { GatewayError } from "../domain/errors.ts";
import type { KeyValue, RecordKind, RecordRef } from "./record-kind.ts";

/**
 * Where sessions are kept. Each sentence marked with a number is a promise; the contract suite in
 * test/contract/ has a test for each, and every engine passes it.
 *
 * Failures: every method rejects with a GatewayError, `unavailable` where the store cannot be reached or is closed,
 * `internal` where it holds what it should not, and `invalid` for a key that cannot be kept: a UUID that is not of lower
 * case, a text that is not well-formed Unicode or holds U+0000. The error of the driver is the cause.
 */
export interface SessionStore {
  /**
   * Runs `decide` over the records named by `refs` and makes what it says so.
   *
   * 1. All writes of a decision are kept, or none is.
   * 2. The promise resolves only when the writes are durable: they survive a kill -9 and a power cut after that.
   * 3. Decisions about the same record are serialised: each sees all that was decided before it.
   * 4. A refusal writes nothing and rejects with the very error that it holds, and touches no other update.
   * 5. A decision that asks for more records runs again with those loaded too, in the same transaction.
   * 6. `decide` must be pure and synchronous, for it may run more than once; what it throws rejects its own update only.
   * 7. The change events of watched records are written in the same transaction as the records. To put the very message that
   *    was loaded only moves when the record falls due, and is no change.
   * 8. A message handed to `put` must not be changed afterwards.
   */
  update<Reply>(refs: readonly RecordRef[], decide: Decide<Reply>): Promise<Reply>;

  /** 9. The record as the last durable update left it, or undefined. Never waits for an update in progress. */
  get<Desc extends DescMessage>(ref: RecordRef<Desc>): Promise<MessageShape<Desc> | undefined>;

  /**
   * A page of records.
   *
   * 10. Following `next` from page to page gives every record that matched throughout exactly once, in order, whatever
   *     is put or deleted meanwhile.
   * 11. A page holds at most `limit` records, and a page without `next` is the last.
   * 12. A position that no page of this kind gave out rejects with a BadPositionError.
   */
  list<Desc extends DescMessage>(query: ListQuery<Desc>): Promise<ListPage<Desc>>;

  /**
   * Every record of a watched kind as it stands, then every change of one, until `signal` is aborted, when it ends
   * without an error.
   *
   * 13. No change that was committed after the watch began is left out, and those of one record come in the order in which they
   *     were committed; a record never goes back to an earlier message.
   * 14. A watch that resumes from the cursor of an event gives what came behind that event, and nothing twice; also
   *     after a restart, and also from a cursor of the first round.
   * 15. A cursor that no watch gave out throws a BadPositionError.
   */
  watch<Desc extends DescMessage>(query: WatchQuery<Desc>): AsyncIterable<WatchEvent<Desc>>;

  /** 16. At most `limit` records that fell due at `now` or before, the longest due first. Times are Unix milliseconds. */
  due(now: number, limit: number): Promise<readonly DueRecord[]>;

  /** 17. When the next record falls due, or undefined where none does. */
  nextDueAt(): Promise<number | undefined>;

  /**
   * 18. Calls `listener` after each durable batch of this process with the earliest time at which one of its records falls due
   *     (Infinity where none does). Returns the function that ends it.
   */
  onCommit(listener: (earliestDueAt: number) => void): () => void;

  /** 19. Resolves when the store can read and write. */
  ping(): Promise<void>;

  /** 20. Finishes the updates that were handed in, refuses later calls as unavailable, ends watches, and lets go of the store. */
  close(): Promise<void>;
}

/**
 * What may be said of the loaded records. Values, so that a decision can be tested without a store. Removals come before
 * puts: a record that is in both is new.
 */
export type Decision<Reply> =
  | { readonly refuse: GatewayError }
  | { readonly need: readonly RecordRef[] }
  | { readonly put: readonly Put[]; readonly remove?: readonly RecordRef[]; readonly reply: Reply };

/** Decides over the loaded records. */
export type Decide<Reply> = (records: LoadedRecords) => Decision<Reply>;

/** The records that an update named or asked for, as all earlier decisions left them. */
export interface LoadedRecords {
  /** @throws Error for a ref that was neither named nor asked for, which is a fault of the caller. */
  get<Desc extends DescMessage>(ref: RecordRef<Desc>): LoadedRecord<Desc> | undefined;
  /** Those of `refs` that are not loaded yet, to be asked for with `need`. */
  missing(refs: readonly RecordRef[]): readonly RecordRef[];
}

/** A record as it is kept. */
export interface LoadedRecord<Desc extends DescMessage = DescMessage> {
  readonly message: MessageShape<Desc>;
  /** When it falls due in Unix milliseconds, or undefined. */
  readonly dueAt: number | undefined;
}

/** A record to keep, in place of the one with this ref where there is one. Made by put(). */
export interface Put<Desc extends DescMessage = DescMessage> extends LoadedRecord<Desc> {
  readonly ref: RecordRef<Desc>;
}

/** A record to keep; the ref's kind decides the type of the message. */
export function put<Desc extends DescMessage>(
  ref: RecordRef<Desc>,
  message: MessageShape<Desc>,
  dueAt?: number,
): Put<Desc> {
  return { ref, message, dueAt };
}

export interface ListQuery<Desc extends DescMessage = DescMessage> {
  readonly kind: RecordKind<Desc>;
  /** `newest`: by when the record was first put, the newest first. `key`: by key, ascending, texts by their UTF-8 bytes. */
  readonly order: "newest" | "key";
  /** Only records whose key begins with these values. With order `key` only. */
  readonly keyPrefix?: readonly KeyValue[];
  /** Only records whose column has one of the values, for each column that is named. An empty list matches all. */
  readonly where?: Readonly<Record<string, readonly KeyValue[]>>;
  /** 1 or more. */
  readonly limit: number;
  /** The `next` of the page before. */
  readonly after?: string;
}

export interface ListPage<Desc extends DescMessage = DescMessage> {
  readonly messages: readonly MessageShape<Desc>[];
  /** Where the next page begins: printable ASCII of at most 8 KiB that only the store reads. Absent on the last page. */
  readonly next?: string;
}

export interface WatchQuery<Desc extends DescMessage = DescMessage> {
  readonly kind: RecordKind<Desc>;
  /** Only the record with this key. */
  readonly key?: readonly KeyValue[];
  /** The cursor of the last event that was seen. */
  readonly cursor?: string;
  readonly signal: AbortSignal;
}

export interface WatchEvent<Desc extends DescMessage = DescMessage> {
  /** The record, or undefined where it was removed. */
  readonly message: MessageShape<Desc> | undefined;
  readonly key: readonly KeyValue[];
  /** Printable ASCII of at most 1 KiB that only the store reads. */
  readonly cursor: string;
}

export interface DueRecord {
  readonly ref: RecordRef;
  readonly dueAt: number;
}

/** A page position or a cursor that this store did not give out. */
export class BadPositionError extends Error {
  override readonly name = "BadPositionError";
}
