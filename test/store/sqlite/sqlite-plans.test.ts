import { expect, test } from "vitest";
import { cisFindings, cisSessions, recordKinds } from "../../../src/store/record-kinds.ts";
import { migrateSqlite } from "../../../src/store/sqlite/migrate-sqlite.ts";
import { openSqliteDatabase } from "../../../src/store/sqlite/open-sqlite-database.ts";
import { type PageShape, pageSql } from "../../../src/store/sqlite/page-sql.ts";

const database = openSqliteDatabase(":memory:", { readOnly: false, cacheKib: 1000 });
migrateSqlite(database);

function planOf(sql: string): string {
  return database
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map((step) => String(step["detail"]))
    .join("; ");
}

const anyPage: PageShape = { order: "newest", prefixLength: 0, after: true, bounded: false, filters: [] };

const searches: readonly [string, string, RegExp][] = [
  ["a page of the newest", pageSql(cisSessions, anyPage), /^SEARCH cis_session USING INTEGER PRIMARY KEY/],
  [
    "a page by key under a prefix",
    pageSql(cisFindings, { ...anyPage, order: "key", prefixLength: 2, bounded: true, filters: ["status"] }),
    /^SEARCH cis_finding USING INDEX sqlite_autoindex_cis_finding_1 \(scan_job_id=\? AND attempt=\? AND rule_id>\? AND rule_id<\?\)/,
  ],
  [
    "what fell due",
    "SELECT due_at, scan_job_id FROM cis_session WHERE due_at <= ? ORDER BY due_at LIMIT ?",
    /^SEARCH cis_session USING INDEX cis_session_due_at \(due_at<\?\)$/,
  ],
  [
    "what falls due next",
    "SELECT due_at FROM cis_session WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1",
    /^SEARCH cis_session USING COVERING INDEX cis_session_due_at \(due_at>\?\)$/,
  ],
];

test.each(searches)("%s is searched for, in order, and not sorted", (_, sql, plan) => {
  expect(planOf(sql)).toMatch(plan);
  expect(planOf(sql)).not.toContain("TEMP B-TREE");
});

test("the tables have the columns of the kinds", () => {
  for (const { name, key, columns, timed, watched } of recordKinds) {
    const found = database.prepare(`SELECT name FROM pragma_table_info('${name}')`).all();
    expect(found.map((column) => column["name"])).toEqual([
      "position",
      ...[...key, ...columns].map((column) => column.name),
      ...(timed ? ["due_at"] : []),
      ...(watched ? ["seq"] : []),
      "message",
    ]);
  }
});
