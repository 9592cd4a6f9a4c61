import type { DatabaseSync } from "node:sqlite";
import type { RecordKind } from "../record-kind.ts";
import type {
  ChangePage,
  ChangeQuery,
  DueRow,
  RowPage,
  RowQuery,
  RowRef,
  StandingPage,
  StandingQuery,
  StoredRow,
} from "../store-engine.ts";
import { storeFault } from "../store-fault.ts";
import { rowLoad } from "./row-load.ts";
import { sqliteChangeReader } from "./sqlite-change-reader.ts";
import { sqliteDueReader } from "./sqlite-due-reader.ts";
import { sqlitePageReader } from "./sqlite-page-reader.ts";
import { sqliteStandingReader } from "./sqlite-standing-reader.ts";

/** The reads of a connection. They throw what the driver throws. */
export interface SqliteReader {
  get(ref: RowRef): StoredRow | undefined;
  page(query: RowQuery): RowPage;
  standing(query: StandingQuery): StandingPage;
  changes(query: ChangeQuery): ChangePage;
  head(): number;
  due(now: number, limit: number): readonly DueRow[];
  nextDueAt(): number | undefined;
}

/**
 * Prepares all that reads.
 *
 * @param scanLimit How many rows or changes are looked at per call, so that none holds up the thread for long.
 */
export function sqliteReader(database: DatabaseSync, kinds: readonly RecordKind[], scanLimit: number): SqliteReader {
  const readable = new Map(kinds.map((kind) => [kind.name, readersOf(database, kind, scanLimit)]));
  const changeReader = sqliteChangeReader(database, scanLimit);
  const dueReader = sqliteDueReader(
    database,
    kinds.filter(({ timed }) => timed),
  );

  function of(name: string) {
    const found = readable.get(name);
    if (found === undefined) {
      throw storeFault(`there is no kind ${name}`);
    }
    return found;
  }

  return {
    get: ({ kind, key }) => of(kind).load(key),
    page: (query) => of(query.kind).page(query),
    standing(query) {
      const { standing } = of(query.kind);
      if (standing === undefined) {
        throw storeFault(`${query.kind} is not a watched kind`);
      }
      return standing(query);
    },
    changes: (query) => changeReader.changes(of(query.kind).kind, query),
    head: changeReader.head,
    due: dueReader.due,
    nextDueAt: dueReader.nextDueAt,
  };
}

function readersOf(database: DatabaseSync, kind: RecordKind, scanLimit: number) {
  return {
    kind,
    load: rowLoad(database, kind),
    page: sqlitePageReader(database, kind, scanLimit),
    standing: kind.watched ? sqliteStandingReader(database, kind, scanLimit) : undefined,
  };
}
