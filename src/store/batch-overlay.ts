import { decodeRecord } from "./record-codec.ts";
import { type RecordRef, refText } from "./record-kind.ts";
import type { LoadedRecord } from "./session-store.ts";
import type { StagedPut } from "./staged-put.ts";
import {
  noChange,
  type RowChange,
  type RowPlace,
  type RowPut,
  type RowRef,
  type StoredRow,
  type WriteBatch,
} from "./store-engine.ts";

/** What a batch knows of one record: how it was loaded, how it is now, and what must be written of it. */
export interface OverlayEntry {
  readonly ref: RecordRef;
  /** The row as it was loaded, until it is decoded. */
  stored: StoredRow | undefined;
  /** The record as it is now, where it is decoded or put. */
  record: LoadedRecord | undefined;
  before: RowPlace | "absent" | "unknown";
  put: StagedPut | undefined;
  /** Whether the row that was there before must go. */
  removed: boolean;
  firstChange: number;
  lastChange: number;
}

/** The records of a batch as the decisions so far have left them, and what is to be written at its end. */
export class BatchOverlay {
  readonly #entries = new Map<string, OverlayEntry>();
  readonly #changes: RowChange[] = [];
  #unloaded: OverlayEntry[] = [];
  #putCount = 0;
  #byteCount = 0;
  #earliestDueAt = Number.POSITIVE_INFINITY;

  /** How many puts were taken over. */
  get putCount(): number {
    return this.#putCount;
  }

  /** How many bytes of messages were taken over. */
  get byteCount(): number {
    return this.#byteCount;
  }

  /** The earliest time at which a put record falls due, Infinity where none does. */
  get earliestDueAt(): number {
    return this.#earliestDueAt;
  }

  /** How many records wait to be loaded. */
  get unloadedCount(): number {
    return this.#unloaded.length;
  }

  /** What is known of a record. One of which nothing is known is marked to be loaded. */
  enter(ref: RecordRef): OverlayEntry {
    const text = refText(ref);
    const known = this.#entries.get(text);
    if (known !== undefined) {
      return known;
    }
    const entry = newEntry(ref);
    this.#entries.set(text, entry);
    this.#unloaded.push(entry);
    return entry;
  }

  /** The records that wait to be loaded. fill() must follow with as many rows. */
  unloaded(): readonly RowRef[] {
    return this.#unloaded.map(({ ref }) => rowRef(ref));
  }

  /** Takes over the rows that were loaded. */
  fill(rows: readonly (StoredRow | undefined)[]): void {
    this.#unloaded.forEach((entry, index) => {
      const row = rows[index];
      entry.stored = row;
      entry.before = row ?? "absent";
    });
    this.#unloaded = [];
  }

  /**
   * The record as it is now.
   *
   * @throws GatewayError `internal` where the stored message cannot be read.
   */
  record(entry: OverlayEntry): LoadedRecord | undefined {
    const { stored, ref } = entry;
    if (stored !== undefined) {
      entry.record = { message: decodeRecord(ref.kind, stored.message), dueAt: stored.dueAt };
      entry.stored = undefined;
    }
    return entry.record;
  }

  put(staged: StagedPut): void {
    const { ref, dueAt } = staged.put;
    const entry = this.#enterUnseen(ref);
    const isSameMessage = entry.record?.message === staged.put.message;
    entry.stored = undefined;
    entry.record = staged.put;
    entry.put = staged;
    this.#putCount++;
    this.#byteCount += staged.message.length;
    if (dueAt !== undefined && dueAt < this.#earliestDueAt) {
      this.#earliestDueAt = dueAt;
    }
    if (!isSameMessage) {
      this.#change(entry, staged.message);
    }
  }

  /** Removes a record that was loaded or put. One that is not there stays so, and nothing has changed. */
  remove(entry: OverlayEntry): void {
    if (entry.stored === undefined && entry.record === undefined) {
      return;
    }
    entry.removed ||= entry.before !== "absent";
    entry.before = "absent";
    entry.stored = undefined;
    entry.record = undefined;
    entry.put = undefined;
    this.#change(entry, undefined);
    entry.firstChange = noChange;
  }

  /** All that is to be written. */
  writes(): WriteBatch {
    const removes: RowRef[] = [];
    const puts: RowPut[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.removed) {
        removes.push(rowRef(entry.ref));
      }
      if (entry.put !== undefined) {
        puts.push(rowPut(entry, entry.put));
      }
    }
    return { removes, puts, changes: this.#changes };
  }

  /** Like enter(), but a record that is put without having been looked at need not be loaded. */
  #enterUnseen(ref: RecordRef): OverlayEntry {
    const text = refText(ref);
    let entry = this.#entries.get(text);
    if (entry === undefined) {
      entry = newEntry(ref);
      this.#entries.set(text, entry);
    }
    return entry;
  }

  #change(entry: OverlayEntry, message: Uint8Array | undefined): void {
    const { kind, key } = entry.ref;
    if (!kind.watched) {
      return;
    }
    entry.lastChange = this.#changes.length;
    if (entry.firstChange === noChange) {
      entry.firstChange = entry.lastChange;
    }
    this.#changes.push({ kind: kind.name, key, message });
  }
}

function newEntry(ref: RecordRef): OverlayEntry {
  return {
    ref,
    stored: undefined,
    record: undefined,
    before: "unknown",
    put: undefined,
    removed: false,
    firstChange: noChange,
    lastChange: noChange,
  };
}

function rowRef({ kind, key }: RecordRef): RowRef {
  return { kind: kind.name, key };
}

function rowPut(entry: OverlayEntry, { put, message, columns }: StagedPut): RowPut {
  const { ref, before, firstChange, lastChange } = entry;
  return { kind: ref.kind.name, key: ref.key, message, columns, dueAt: put.dueAt, before, firstChange, lastChange };
}
