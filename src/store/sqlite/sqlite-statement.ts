import type { DatabaseSync, SQLInputValue } from "node:sqlite";

/** A value of a row or of a parameter. */
export type Cell = SQLInputValue;

/** A prepared query whose rows are arrays of cells. */
export interface RowsStatement<Row extends readonly unknown[]> {
  get(...parameters: Cell[]): Row | undefined;
  all(...parameters: Cell[]): Row[];
}

/** Prepares a query. The type of its rows is the caller's word for what the SQL selects from tables that are STRICT. */
export function prepareRows<Row extends readonly unknown[]>(database: DatabaseSync, sql: string): RowsStatement<Row> {
  return database.prepare(sql, { returnArrays: true }) as unknown as RowsStatement<Row>;
}
