import { checkKey } from "./check-key.ts";
import { columnValues, encodeRecord } from "./record-codec.ts";
import type { KeyValue } from "./record-kind.ts";
import type { Put } from "./session-store.ts";
import { storeFault } from "./store-fault.ts";

/** A put that an engine can keep: everything that may fail about it is done. */
export interface StagedPut {
  readonly put: Put;
  readonly message: Uint8Array;
  readonly columns: readonly KeyValue[];
}

/**
 * Makes ready what a decision puts, before any of it is taken over, so that a message that cannot be kept fails its own
 * update and no other.
 *
 * @throws GatewayError `invalid` or `internal`.
 */
export function stagePut(put: Put): StagedPut {
  const { ref, message, dueAt } = put;
  const fault = checkKey(ref) ?? checkDueAt(put);
  if (fault !== undefined) {
    throw fault;
  }
  return {
    put: { ref, message, dueAt },
    message: encodeRecord(ref.kind, message),
    columns: columnValues(ref.kind, message),
  };
}

function checkDueAt({ ref: { kind }, dueAt }: Put) {
  if (dueAt === undefined || (kind.timed && Number.isSafeInteger(dueAt))) {
    return undefined;
  }
  return storeFault(`a record of ${kind.name} cannot fall due at ${dueAt}`);
}
