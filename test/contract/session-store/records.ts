import { create } from "@bufbuild/protobuf";
import {
  type CisFinding,
  CisFindingSchema,
  CisRuleStatus,
  CisSessionState,
} from "../../../src/gen/sessiongateway/cis/v1/cis_session_pb.ts";
import { type CisSessionRecord, CisSessionRecordSchema } from "../../../src/gen/sessiongateway/store/v1/records_pb.ts";
import type { RecordRef } from "../../../src/store/record-kind.ts";
import { cisFindingRef, cisSessionRef } from "../../../src/store/record-kinds.ts";
import {
  type Decision,
  type LoadedRecords,
  type Put,
  put,
  type SessionStore,
} from "../../../src/store/session-store.ts";

export type SessionRef = RecordRef<typeof CisSessionRecordSchema>;

/** The scan job with a number. Keys sort like the numbers. */
export function scanJob(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`;
}

export function sessionRef(number: number): SessionRef {
  return cisSessionRef(scanJob(number));
}

export function findingRef(number: number, attempt: number, ruleId: string): RecordRef<typeof CisFindingSchema> {
  return cisFindingRef(scanJob(number), attempt, ruleId);
}

/** A session that carries a count. */
export function session(count: number, state: CisSessionState = CisSessionState.STARTED): CisSessionRecord {
  return create(CisSessionRecordSchema, { session: { state, received: { totalChecks: count } } });
}

export function finding(ruleId: string): CisFinding {
  return create(CisFindingSchema, {
    ruleId,
    status: CisRuleStatus.PASSED,
    cisRuleDetails: new TextEncoder().encode(ruleId),
  });
}

/** A session that no binary form can hold. */
export function unstorableSession(): CisSessionRecord {
  return session(0.5);
}

export function countOf(record: CisSessionRecord | undefined): number {
  return record?.session?.received?.totalChecks ?? 0;
}

/** A decision that keeps this and replies nothing. */
export function keep(...puts: readonly Put[]): Decision<undefined> {
  return { put: puts, reply: undefined };
}

/** Counts a session up and replies the new count. */
export function countUp(ref: SessionRef): (records: LoadedRecords) => Decision<number> {
  return (records) => {
    const count = countOf(records.get(ref)?.message) + 1;
    return { put: [put(ref, session(count))], reply: count };
  };
}

export async function putSession(store: SessionStore, number: number, count = 1, dueAt?: number): Promise<void> {
  const ref = sessionRef(number);
  await store.update([ref], () => keep(put(ref, session(count), dueAt)));
}

export async function removeSession(store: SessionStore, number: number): Promise<void> {
  const ref = sessionRef(number);
  await store.update([ref], () => ({ put: [], remove: [ref], reply: undefined }));
}

export async function getCount(store: SessionStore, number: number): Promise<number> {
  return countOf(await store.get(sessionRef(number)));
}
