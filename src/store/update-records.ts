import type { DescMessage } from "@bufbuild/protobuf";
import type { BatchOverlay, OverlayEntry } from "./batch-overlay.ts";
import { type RecordRef, refText } from "./record-kind.ts";
import type { LoadedRecord, LoadedRecords } from "./session-store.ts";
import { storeFault } from "./store-fault.ts";

/** What one update may see of its batch: the records that it named or asked for. */
export class UpdateRecords implements LoadedRecords {
  readonly #overlay: BatchOverlay;
  readonly #entries = new Map<string, OverlayEntry>();

  constructor(overlay: BatchOverlay, refs: readonly RecordRef[]) {
    this.#overlay = overlay;
    this.name(refs);
  }

  /** How many records it may see. */
  get count(): number {
    return this.#entries.size;
  }

  /** Lets it see these records too, which are marked to be loaded where they are not. */
  name(refs: readonly RecordRef[]): void {
    for (const ref of refs) {
      this.#entries.set(refText(ref), this.#overlay.enter(ref));
    }
  }

  get<Desc extends DescMessage>(ref: RecordRef<Desc>): LoadedRecord<Desc> | undefined {
    const entry = this.#entries.get(refText(ref));
    if (entry === undefined) {
      throw storeFault(`an update did not ask for the record of ${ref.kind.name} that it reads`);
    }
    // The entry is of the ref's own kind, for its text begins with the name of the kind.
    return this.#overlay.record(entry) as LoadedRecord<Desc> | undefined;
  }

  missing(refs: readonly RecordRef[]): readonly RecordRef[] {
    return refs.filter((ref) => !this.#entries.has(refText(ref)));
  }
}
