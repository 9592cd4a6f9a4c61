import type { KeyColumn, KeyValue, RecordKind } from "../record-kind.ts";
import type { Cell } from "./sqlite-statement.ts";
import { uuidFromBytes, uuidToBytes } from "./uuid-bytes.ts";

/** The cells of a key, or of its first values. */
export function keyToCells(kind: RecordKind, key: readonly KeyValue[]): Cell[] {
  return key.map((value, index) => valueToCell(kind.key[index], value));
}

/** The key that keyToCells() made cells of. */
export function keyFromCells(kind: RecordKind, cells: readonly Cell[]): readonly KeyValue[] {
  return cells.map((cell, index) => valueFromCell(kind.key[index], cell));
}

/** A whole key in one cell: as its value's own cell where it has but one, otherwise as a JSON array of its values. */
export function keyToCell(kind: RecordKind, key: readonly KeyValue[]): Cell {
  const [first] = key;
  return kind.key.length === 1 && first !== undefined ? valueToCell(kind.key[0], first) : JSON.stringify(key);
}

/** The key that keyToCell() made a cell of. */
export function keyFromCell(kind: RecordKind, cell: Cell): readonly KeyValue[] {
  return kind.key.length === 1 ? [valueFromCell(kind.key[0], cell)] : (JSON.parse(String(cell)) as readonly KeyValue[]);
}

function valueToCell(column: KeyColumn | undefined, value: KeyValue): Cell {
  return column?.type === "uuid" ? uuidToBytes(String(value)) : value;
}

function valueFromCell(column: KeyColumn | undefined, cell: Cell): KeyValue {
  if (cell instanceof Uint8Array) {
    return uuidFromBytes(cell);
  }
  return column?.type === "integer" ? Number(cell) : String(cell);
}
