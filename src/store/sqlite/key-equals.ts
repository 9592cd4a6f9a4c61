import type { RecordKind } from "../record-kind.ts";

/** The condition that finds the row of a key, with a parameter for each value of the key. */
export function keyEquals(kind: RecordKind): string {
  return kind.key.map(({ name }) => `${name} = ?`).join(" AND ");
}
