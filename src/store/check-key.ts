import { type GatewayError, invalidField } from "../domain/errors.ts";
import type { KeyColumn, KeyValue, RecordKind, RecordRef } from "./record-kind.ts";
import { storeFault } from "./store-fault.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Says why a ref names no record that any engine could keep: a UUID must be of lower case, a text must be well-formed
 * Unicode without U+0000 (which PostgreSQL cannot hold), an integer must be safe.
 *
 * @returns The fault, or undefined where the key is fine.
 */
export function checkKey({ kind, key }: RecordRef): GatewayError | undefined {
  return key.length === kind.key.length ? checkKeyPrefix(kind, key) : wrongLength(kind);
}

/** The same for the first values of a key. */
export function checkKeyPrefix(kind: RecordKind, prefix: readonly KeyValue[]): GatewayError | undefined {
  for (let index = 0; index < prefix.length; index++) {
    const column = kind.key[index];
    if (column === undefined) {
      return wrongLength(kind);
    }
    if (!isKeyValue(column, prefix[index])) {
      return invalidField(column.name, `This is not a ${column.type} that can be kept.`);
    }
  }
  return undefined;
}

function isKeyValue({ type }: KeyColumn, value: KeyValue | undefined): boolean {
  switch (type) {
    case "uuid":
      return typeof value === "string" && uuid.test(value);
    case "text":
      return typeof value === "string" && !value.includes("\0") && value.isWellFormed();
    case "integer":
      return Number.isSafeInteger(value);
  }
}

function wrongLength(kind: RecordKind): GatewayError {
  return storeFault(`a key of ${kind.name} has ${kind.key.length} values`);
}
