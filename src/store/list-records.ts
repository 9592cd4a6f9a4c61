import { setImmediate as nextTurn } from "node:timers/promises";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { GatewayError } from "../domain/errors.ts";
import { checkKeyPrefix } from "./check-key.ts";
import { formatListPosition, parseListPosition } from "./list-position.ts";
import { decodeRecord } from "./record-codec.ts";
import { BadPositionError, type ListPage, type ListQuery } from "./session-store.ts";
import type { ColumnFilter, RowPosition, StoreReader } from "./store-engine.ts";
import { storeFault } from "./store-fault.ts";

/** How often an engine is asked for one page. Past it, a page of a filter that few records pass is short, not slow. */
const maxReads = 10;

/** As SessionStore.list() promises. */
export async function listRecords<Desc extends DescMessage>(
  reader: StoreReader,
  query: ListQuery<Desc>,
): Promise<ListPage<Desc>> {
  const { kind, order, keyPrefix = [], limit } = query;
  const fault = faultOf(query);
  if (fault !== undefined) {
    throw fault;
  }
  const filters = filtersOf(query);
  const messages: MessageShape<Desc>[] = [];
  let after = startOf(query);
  for (let reads = 1; ; reads++) {
    const rest = limit - messages.length;
    const page = await reader.page({ kind: kind.name, order, keyPrefix, filters, limit: rest, after });
    messages.push(...page.messages.map((message) => decodeRecord(kind, message)));
    after = page.next;
    if (after === undefined) {
      return { messages };
    }
    if (messages.length === limit || reads === maxReads) {
      return { messages, next: formatListPosition(kind, after) };
    }
    // Other calls get their turn between the reads of a long search.
    await nextTurn();
  }
}

function faultOf({ kind, order, keyPrefix = [], where = {}, limit }: ListQuery): GatewayError | undefined {
  if (!Number.isSafeInteger(limit) || limit < 1) {
    return storeFault(`a page cannot hold ${limit} records`);
  }
  if (order !== "key" && keyPrefix.length > 0) {
    return storeFault("a key prefix needs the order by key");
  }
  const unknown = Object.keys(where).find((name) => !kind.columns.some((column) => column.name === name));
  return unknown === undefined ? checkKeyPrefix(kind, keyPrefix) : storeFault(`${kind.name} has no column ${unknown}`);
}

function startOf(query: ListQuery): RowPosition | undefined {
  const after = query.after === undefined ? undefined : parseListPosition(query, query.after);
  if (after instanceof BadPositionError) {
    throw after;
  }
  return after;
}

function filtersOf({ where = {} }: ListQuery): readonly ColumnFilter[] {
  return Object.entries(where)
    .filter(([, values]) => values.length > 0)
    .map(([column, values]) => ({ column, values }));
}
