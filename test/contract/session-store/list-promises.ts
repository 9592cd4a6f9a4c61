import fc from "fast-check";
import { expect } from "vitest";
import { CisSessionState } from "../../../src/gen/sessiongateway/cis/v1/cis_session_pb.ts";
import { cisFindings, cisSessions, streamingSessions } from "../../../src/store/record-kinds.ts";
import { BadPositionError, type ListQuery, put, type SessionStore } from "../../../src/store/session-store.ts";
import type { ContractTest } from "./contract-test.ts";
import {
  countOf,
  finding,
  findingRef,
  keep,
  putSession,
  removeSession,
  scanJob,
  session,
  sessionRef,
} from "./records.ts";

const { STARTED, STOPPED } = CisSessionState;

/** Promises 9 to 12. */
export const listPromises: readonly ContractTest[] = [
  {
    name: "9. gets a record as the last durable update left it, without waiting for one in progress",
    async run({ open }) {
      const store = await open();
      const ref = sessionRef(1);
      expect(await store.get(ref)).toBeUndefined();
      await putSession(store, 1, 1);
      let during: Promise<unknown> = Promise.resolve();
      const update = store.update([ref], () => {
        during = store.get(ref);
        return keep(put(ref, session(2)));
      });
      await update;
      expect(countOf((await during) as ReturnType<typeof session>)).toBe(1);
      expect(countOf(await store.get(ref))).toBe(2);
    },
  },
  {
    name: "10. pages through every record that matches throughout exactly once and in order, while others come and go",
    async run({ open }) {
      await fc.assert(
        fc.asyncProperty(pagingCase, async (given) => {
          await checkPaging(await open(), given);
        }),
        { numRuns: 30 },
      );
    },
  },
  {
    name: "10. orders by key with texts by their UTF-8 bytes, under a prefix of the key",
    async run({ open }) {
      const store = await open();
      // By UTF-16 units the last two would change places.
      const ruleIds = ["1", "1.10", "1.2", "B", "a", "é", "\u{fffd}", "\u{1d11e}"];
      await putFindings(store, 1, ruleIds.toReversed());
      await putFindings(store, 0, ["other"]);
      await putFindings(store, 2, ["other"]);
      const found = await allOf(store, { kind: cisFindings, order: "key", keyPrefix: [scanJob(1), 1], limit: 3 });
      expect(found.map(({ ruleId }) => ruleId)).toEqual(ruleIds);
      expect(await store.list({ kind: cisFindings, order: "key", keyPrefix: [scanJob(1), 2], limit: 3 })).toEqual({
        messages: [],
      });
    },
  },
  {
    name: "11. gives at most the limit, and a next one only where more may follow",
    async run({ open }) {
      const store = await open();
      for (let number = 0; number < 6; number++) {
        await putSession(store, number, number);
      }
      const sizesByLimit: readonly [number, number[]][] = [
        [1, [1, 1, 1, 1, 1, 1]],
        [4, [4, 2]],
        [3, [3, 3]],
        [6, [6]],
        [100, [6]],
      ];
      for (const [limit, sizes] of sizesByLimit) {
        for (const order of ["key", "newest"] as const) {
          expect(await pageSizes(store, { kind: cisSessions, order, limit })).toEqual(sizes);
        }
      }
    },
  },
  {
    name: "11. finds every record of a filter that few pass",
    async run({ open }) {
      const store = await open();
      const put40 = Array.from({ length: 40 }, (_, number) => {
        const ref = sessionRef(number);
        return store.update([], () => keep(put(ref, session(number, number % 10 === 0 ? STOPPED : STARTED))));
      });
      await Promise.all(put40);
      const where = { state: [STOPPED], stop_status: [] };
      const countsByOrder: readonly ["key" | "newest", number[]][] = [
        ["key", [0, 10, 20, 30]],
        ["newest", [30, 20, 10, 0]],
      ];
      for (const [order, counts] of countsByOrder) {
        const found = await allOf(store, { kind: cisSessions, order, where, limit: 3 });
        expect(found.map(countOf)).toEqual(counts);
      }
      expect(await allOf(store, { kind: cisSessions, order: "key", where: { state: [99] }, limit: 3 })).toEqual([]);
    },
  },
  {
    name: "12. refuses a position that no page of the list gave out",
    async run({ open }) {
      const store = await open();
      await putSession(store, 1);
      await putSession(store, 2);
      await putFindings(store, 1, ["a", "b"]);
      const newest: ListQuery = { kind: cisSessions, order: "newest", limit: 1 };
      const byKey: ListQuery = { kind: cisSessions, order: "key", limit: 1 };
      const findings: ListQuery = { kind: cisFindings, order: "key", keyPrefix: [scanJob(1)], limit: 1 };
      const [good = "", other = "", third = ""] = await Promise.all(
        [newest, byKey, findings].map(async (query) => (await store.list(query)).next),
      );
      expect(good).toMatch(/^[\x21-\x7e]{1,8192}$/);
      const bad = ["", "x", "é", "0", good.slice(1), `${good}A`, good.slice(0, -1), `${good}=`, other, third];
      for (const after of [...bad, ...alterations(good)]) {
        await expect(store.list({ ...newest, after }), after).rejects.toThrow(BadPositionError);
      }
      const otherKind: ListQuery = { kind: streamingSessions, order: "newest", limit: 1 };
      await expect(store.list({ ...otherKind, after: good })).rejects.toThrow(BadPositionError);
      const elsewhere: ListQuery = { ...findings, keyPrefix: [scanJob(2)] };
      await expect(store.list({ ...elsewhere, after: third })).rejects.toThrow(BadPositionError);
    },
  },
];

interface PagingStep {
  readonly record: number;
  readonly act: "start" | "stop" | "remove";
}

const step = fc.record<PagingStep>({
  record: fc.nat(11),
  act: fc.constantFrom("start", "stop", "remove"),
});

const pagingCase = fc.record({
  order: fc.constantFrom("newest", "key"),
  limit: fc.integer({ min: 1, max: 4 }),
  filtered: fc.boolean(),
  before: fc.array(step, { maxLength: 20 }),
  meanwhile: fc.array(fc.array(step, { maxLength: 3 }), { maxLength: 12 }),
});

type PagingCase = typeof pagingCase extends fc.Arbitrary<infer Case> ? Case : never;

/** Pages through a list and takes steps between the pages, beside a model: the records in the order of their first put. */
async function checkPaging(store: SessionStore, { order, limit, filtered, before, meanwhile }: PagingCase) {
  const model = new Map<number, "start" | "stop">();
  const matching = () => [...model].flatMap(([record, act]) => (filtered && act === "stop" ? [] : [record]));
  for (const one of before) {
    await take(store, model, one);
  }
  let throughout = matching();
  const where = filtered ? { state: [STARTED] } : {};
  const found: number[] = [];
  const steps = [...meanwhile];
  let after: string | undefined;
  do {
    const page = await store.list({
      kind: cisSessions,
      order,
      where,
      limit,
      ...(after === undefined ? {} : { after }),
    });
    expect(page.messages.length).toBeLessThanOrEqual(limit);
    found.push(...page.messages.map(countOf));
    after = page.next;
    for (const one of steps.shift() ?? []) {
      await take(store, model, one);
      const now = new Set(matching());
      throughout = throughout.filter((record) => now.has(record));
    }
  } while (after !== undefined);
  const expected = order === "newest" ? throughout.toReversed() : throughout.toSorted((one, other) => one - other);
  expect(found.filter((record) => throughout.includes(record))).toEqual(expected);
}

async function take(store: SessionStore, model: Map<number, "start" | "stop">, { record, act }: PagingStep) {
  if (act === "remove") {
    model.delete(record);
    await removeSession(store, record);
    return;
  }
  model.set(record, act);
  const ref = sessionRef(record);
  await store.update([ref], () => keep(put(ref, session(record, act === "start" ? STARTED : STOPPED))));
}

async function putFindings(store: SessionStore, number: number, ruleIds: readonly string[]): Promise<void> {
  await store.update([], () => keep(...ruleIds.map((ruleId) => put(findingRef(number, 1, ruleId), finding(ruleId)))));
}

async function allOf<Desc extends ListQuery["kind"]["desc"]>(store: SessionStore, query: ListQuery<Desc>) {
  const first = await store.list(query);
  const found = [...first.messages];
  for (let after = first.next; after !== undefined; ) {
    const page = await store.list({ ...query, after });
    found.push(...page.messages);
    after = page.next;
  }
  return found;
}

async function pageSizes(store: SessionStore, query: ListQuery): Promise<readonly number[]> {
  const sizes: number[] = [];
  let after: string | undefined;
  do {
    const page = await store.list({ ...query, ...(after === undefined ? {} : { after }) });
    sizes.push(page.messages.length);
    after = page.next;
  } while (after !== undefined);
  return sizes;
}

/** The text with one character changed, in each place. */
export function alterations(text: string): readonly string[] {
  return [...text].map(
    (character, index) => `${text.slice(0, index)}${character === "A" ? "B" : "A"}${text.slice(index + 1)}`,
  );
}
