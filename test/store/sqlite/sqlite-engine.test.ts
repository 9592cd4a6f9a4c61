import { expect, test } from "vitest";
import { openSqliteEngine } from "../../../src/store/sqlite/open-sqlite-engine.ts";
import type { RowPut, StoreEngine } from "../../../src/store/store-engine.ts";
import { scanJob } from "../../contract/session-store/records.ts";

const ref = { kind: "cis_session", key: [scanJob(1)] };
const unknownKind = { kind: "no_such_kind", key: [1] };
const nothing = { removes: [], puts: [], changes: [] };
const row: RowPut = {
  ...ref,
  message: new Uint8Array([1]),
  columns: [0, 0],
  dueAt: undefined,
  before: "absent",
  firstChange: 0,
  lastChange: 0,
};

const failures: readonly [string, (engine: StoreEngine) => Promise<unknown>][] = [
  ["begin", (engine) => engine.begin([unknownKind])],
  ["load", (engine) => engine.begin([]).then(() => engine.load([unknownKind]))],
  [
    "commit",
    (engine) => engine.begin([]).then(() => engine.commit({ ...nothing, puts: [row, { ...row, ...unknownKind }] })),
  ],
];

test.each(failures)("a %s that fails ends the transaction and leaves nothing", async (_, fail) => {
  const { engine } = openSqliteEngine("memory");
  await expect(fail(engine)).rejects.toMatchObject({ kind: "internal" });
  expect(await engine.begin([ref])).toEqual([undefined]);
  await engine.commit({ ...nothing, puts: [row], changes: [{ ...ref, message: row.message }] });
  expect(await engine.get(ref)).toEqual({ position: 1, dueAt: undefined, message: row.message });
  await engine.close();
});

test("a ping waits for the end of the transaction and is no part of it", async () => {
  const { engine } = openSqliteEngine("memory");
  await engine.begin([ref]);
  const order: string[] = [];
  const ping = engine.ping().then(() => order.push("ping"));
  await new Promise((resolve) => setTimeout(resolve, 30));
  order.push("rollback");
  await engine.rollback();
  await ping;
  expect(order).toEqual(["rollback", "ping"]);
  await engine.close();
});
