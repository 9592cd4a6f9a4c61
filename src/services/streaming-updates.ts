import { create } from "@bufbuild/protobuf";
import {
  decideStreaming,
  type StreamingDecision,
  type StreamingNames,
  type StreamingNext,
  type StreamingPresent,
  type StreamingTransition,
} from "../domain/streaming-decision.ts";
import type { StreamingPolicy } from "../domain/streaming-policy.ts";
import { countsAgainstQuota } from "../domain/streaming-state.ts";
import { StudioRecordSchema } from "../gen/sessiongateway/store/v1/records_pb.ts";
import type { StreamingSession } from "../gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import type { RecordRef } from "../store/record-kind.ts";
import { streamingSessionBackupRef, streamingSessionRef, studioRef } from "../store/record-kinds.ts";
import { type Decide, type Decision, type LoadedRecords, type Put, put } from "../store/session-store.ts";
import type { Clock } from "./clock.ts";

/** The session as a decision left it, or undefined where there is none. */
type Reply = StreamingSession | undefined;

/** Makes decisions about streaming sessions that a store can carry out. */
export interface StreamingUpdates {
  /**
   * Decides about a session by a state table. The update that it is for must name the session's ref.
   *
   * @param inputOf Gives the input of the table, from records that the update names.
   * @param caller The caller's principal.
   */
  decide<Input extends StreamingNames>(
    transitions: readonly StreamingTransition<Input>[],
    names: StreamingNames,
    inputOf: (records: LoadedRecords) => Input,
    caller: string,
  ): Decide<Reply>;
}

export function createStreamingUpdates(policy: StreamingPolicy, clock: Clock): StreamingUpdates {
  return {
    decide: (transitions, names, inputOf, caller) => (records) => {
      const present = presentOf(records, names);
      const decision = decideStreaming(transitions, present, inputOf(records), caller, policy, clock());
      return toStore(records, names, present, decision);
    },
  };
}

/** How many sessions a studio has that are not deleted. The update must name the studio's ref. */
export function sessionCountOf(records: LoadedRecords, studioId: string): number {
  return records.get(studioRef(studioId))?.message.sessionCount ?? 0;
}

function presentOf(records: LoadedRecords, { studioId, sessionId }: StreamingNames): StreamingPresent | undefined {
  const loaded = records.get(streamingSessionRef(studioId, sessionId));
  return loaded && { record: loaded.message, dueAt: loaded.dueAt };
}

/** What the domain decided, as the store carries it out. */
function toStore(
  records: LoadedRecords,
  names: StreamingNames,
  present: StreamingPresent | undefined,
  decision: StreamingDecision,
): Decision<Reply> {
  if ("refuse" in decision) {
    return decision;
  }
  const { next } = decision;
  const reply = next.record?.session;
  if (next.record === present?.record && next.dueAt === present?.dueAt) {
    return { put: [], reply };
  }
  const countChange = Number(countsAgainstQuota(reply)) - Number(countsAgainstQuota(present?.record.session));
  const need = countChange === 0 ? [] : records.missing([studioRef(names.studioId)]);
  if (need.length > 0) {
    return { need };
  }
  const changes = [sessionChange(names, next), backupChange(names, next), studioChange(records, names, countChange)];
  return {
    put: changes.flatMap((change) => change.put),
    remove: changes.flatMap((change) => change.remove),
    reply,
  };
}

interface Change {
  readonly put: readonly Put[];
  readonly remove: readonly RecordRef[];
}

function sessionChange({ studioId, sessionId }: StreamingNames, { record, dueAt }: StreamingNext): Change {
  const ref = streamingSessionRef(studioId, sessionId);
  return record === undefined ? { put: [], remove: [ref] } : { put: [put(ref, record, dueAt)], remove: [] };
}

function backupChange({ studioId }: StreamingNames, { backups }: StreamingNext): Change {
  const { made, droppedIds = [] } = backups ?? {};
  return {
    put: made === undefined ? [] : [put(streamingSessionBackupRef(studioId, made.backupId), made)],
    remove: droppedIds.map((backupId) => streamingSessionBackupRef(studioId, backupId)),
  };
}

function studioChange(records: LoadedRecords, { studioId }: StreamingNames, countChange: number): Change {
  if (countChange === 0) {
    return { put: [], remove: [] };
  }
  const ref = studioRef(studioId);
  const sessionCount = sessionCountOf(records, studioId) + countChange;
  return sessionCount > 0
    ? { put: [put(ref, create(StudioRecordSchema, { sessionCount }))], remove: [] }
    : { put: [], remove: [ref] };
}
