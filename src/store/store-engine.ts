import type { KeyValue } from "./record-kind.ts";

/**
 * What a database must do to be a session store: keep rows, in one write transaction at a time, and remember their
 * changes in order. Everything that crosses this seam is plain data that can be cloned to another thread.
 *
 * Failures: every method rejects with a GatewayError whose cause is the driver's error, `unavailable` with a time to
 * come back where the database cannot be reached, is busy or is full, and `internal` where it holds what it should not.
 * begin, load and commit may also reject with a TransactionLostError.
 *
 * Whatever begin, load or commit rejects with, the transaction is then over and nothing of it is kept.
 */
export interface StoreEngine extends StoreReader {
  /**
   * Begins the engine's one write transaction and resolves to the rows of `refs`, in their order. No other process changes
   * these rows, or makes one where there was none, before the transaction is over.
   *
   * @param refs No two alike.
   */
  begin(refs: readonly RowRef[]): Promise<readonly (StoredRow | undefined)[]>;

  /** More rows of the transaction, under the same promise. */
  load(refs: readonly RowRef[]): Promise<readonly (StoredRow | undefined)[]>;

  /**
   * Makes the removals, then the puts, gives each change the next sequence number, in order, and ends the transaction.
   * Resolves only when all of it is durable, and none of it can be read before.
   */
  commit(batch: WriteBatch): Promise<void>;

  /** Ends the transaction without a trace. Harmless where none is open. */
  rollback(): Promise<void>;

  /** Lets go of the database. Called once, with no transaction open, and nothing is called behind it. */
  close(): Promise<void>;
}

/** What can be read: always what the last commit left, without waiting for the transaction that is open. */
export interface StoreReader {
  /** The row with this name. */
  get(ref: RowRef): Promise<StoredRow | undefined>;

  /** Rows in the order that the query names. */
  page(query: RowQuery): Promise<RowPage>;

  /** The rows of a watched kind that have not changed since a sequence number, in the order in which they were first put. */
  standing(query: StandingQuery): Promise<StandingPage>;

  /** Changes of a watched kind, in the order of their sequence numbers. */
  changes(query: ChangeQuery): Promise<ChangePage>;

  /**
   * The sequence number of the last change, 0 where there was none. Whoever can read a change can read all those of
   * lower numbers, and no number is given twice.
   */
  head(): Promise<number>;

  /** At most `limit` rows that fell due at `now` (Unix milliseconds) or before, the longest due first. */
  due(now: number, limit: number): Promise<readonly DueRow[]>;

  /** When the next row falls due, in Unix milliseconds. */
  nextDueAt(): Promise<number | undefined>;

  /** Resolves when the database can be read and written. May be called during the transaction. */
  ping(): Promise<void>;
}

/** The name of a row: its kind's name and its key. */
export interface RowRef {
  readonly kind: string;
  readonly key: readonly KeyValue[];
}

/** Where a row stands and when it falls due: what a write needs to know of the row that it replaces. */
export interface RowPlace {
  /** Grows from row to row of a kind by when they were first put. At least 1. */
  readonly position: number;
  /** Unix milliseconds, or undefined. */
  readonly dueAt: number | undefined;
}

export interface StoredRow extends RowPlace {
  /** The message in binary form. */
  readonly message: Uint8Array;
}

/** All that a transaction writes. A record is removed at most once and put at most once. */
export interface WriteBatch {
  readonly removes: readonly RowRef[];
  readonly puts: readonly RowPut[];
  /** Every change of a watched record, in the order in which it was decided. */
  readonly changes: readonly RowChange[];
}

/** In place of an index of a change, where there is none. */
export const noChange = -1;

export interface RowPut extends RowRef {
  readonly message: Uint8Array;
  /** The values of the kind's filter columns, in order. */
  readonly columns: readonly KeyValue[];
  /** Unix milliseconds, or undefined. */
  readonly dueAt: number | undefined;
  /**
   * The row that this one replaces as the transaction loaded it, `absent` where there is none (it may have been removed
   * by this very batch), or `unknown` where the transaction did not look.
   */
  readonly before: RowPlace | "absent" | "unknown";
  /** The index in `changes` of the change that made the record. Of a watched kind only; noChange where it stood before. */
  readonly firstChange: number;
  /** The index in `changes` of the record's last change. Of a watched kind only; noChange where only `dueAt` is another. */
  readonly lastChange: number;
}

export interface RowChange extends RowRef {
  /** The message in binary form, or undefined where the record was removed. */
  readonly message: Uint8Array | undefined;
}

export interface RowQuery {
  readonly kind: string;
  /** `newest`: by position, descending. `key`: by key, ascending, texts by their UTF-8 bytes. */
  readonly order: "newest" | "key";
  /** Only rows whose key begins with these values. With order `key` only. */
  readonly keyPrefix: readonly KeyValue[];
  /** Only rows that pass each filter. */
  readonly filters: readonly ColumnFilter[];
  /** 1 or more. */
  readonly limit: number;
  /** Only rows behind this one. */
  readonly after: RowPosition | undefined;
}

/** The column has one of these values. */
export interface ColumnFilter {
  readonly column: string;
  /** At least one. */
  readonly values: readonly KeyValue[];
}

/** A place in a list: a row's position with order `newest`, a row's key with order `key`. */
export type RowPosition = number | readonly KeyValue[];

export interface RowPage {
  /** At most `limit`. May be fewer although there are more, for an engine looks at a bounded number of rows per call. */
  readonly messages: readonly Uint8Array[];
  /** Where to go on, or undefined where nothing can follow. */
  readonly next: RowPosition | undefined;
}

export interface StandingQuery {
  readonly kind: string;
  /** Only the row with this key. */
  readonly key: readonly KeyValue[] | undefined;
  /** Only rows whose last change has this sequence number or a lower one. */
  readonly changedUpTo: number;
  /** Only rows of a higher position. */
  readonly after: number;
  /** 1 or more. */
  readonly limit: number;
}

export interface StandingPage {
  /** At most `limit`. May be fewer although there are more. */
  readonly rows: readonly StandingRow[];
  /** The position to go on behind, or undefined where nothing can follow. */
  readonly next: number | undefined;
}

export interface StandingRow {
  readonly key: readonly KeyValue[];
  readonly position: number;
  readonly message: Uint8Array;
}

export interface ChangeQuery {
  readonly kind: string;
  /** Only changes of the record with this key. */
  readonly key: readonly KeyValue[] | undefined;
  /** Only changes of a higher sequence number. */
  readonly after: number;
  /** 1 or more. */
  readonly limit: number;
}

export interface ChangePage {
  /** At most `limit`. May be fewer although there are more. */
  readonly changes: readonly StoredChange[];
  /** Every matching change up to this sequence number has been given. */
  readonly upTo: number;
  /** Whether more may follow at once. */
  readonly more: boolean;
}

export interface StoredChange {
  readonly seq: number;
  readonly key: readonly KeyValue[];
  /** The message in binary form, or undefined where the record was removed. */
  readonly message: Uint8Array | undefined;
}

export interface DueRow extends RowRef {
  readonly dueAt: number;
}
