import { CisFindingSchema, StopCisSessionStatus } from "../gen/sessiongateway/cis/v1/cis_session_pb.ts";
import {
  CisSessionRecordSchema,
  IdempotencyRecordSchema,
  StreamingSessionRecordSchema,
  StreamingSessionStreamRecordSchema,
  StudioRecordSchema,
} from "../gen/sessiongateway/store/v1/records_pb.ts";
import { StreamingSessionBackupSchema } from "../gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import { type RecordKind, type RecordRef, recordKind } from "./record-kind.ts";

/** CIS sessions, by scan job. */
export const cisSessions = recordKind({
  name: "cis_session",
  desc: CisSessionRecordSchema,
  key: [{ name: "scan_job_id", type: "uuid" }],
  columns: [
    { name: "state", type: "integer", of: (record) => record.session?.state ?? 0 },
    {
      name: "stop_status",
      type: "integer",
      of: (record) => record.session?.result?.status ?? StopCisSessionStatus.UNSPECIFIED,
    },
  ],
  watched: true,
  timed: true,
});

/** CIS findings, by scan job, attempt and rule. */
export const cisFindings = recordKind({
  name: "cis_finding",
  desc: CisFindingSchema,
  key: [
    { name: "scan_job_id", type: "uuid" },
    { name: "attempt", type: "integer" },
    { name: "rule_id", type: "text" },
  ],
  columns: [{ name: "status", type: "integer", of: (finding) => finding.status }],
  watched: false,
  timed: false,
});

/** Streaming sessions, by studio and session. */
export const streamingSessions = recordKind({
  name: "streaming_session",
  desc: StreamingSessionRecordSchema,
  key: [
    { name: "studio_id", type: "text" },
    { name: "session_id", type: "text" },
  ],
  columns: [
    { name: "state", type: "integer", of: (record) => record.session?.state ?? 0 },
    { name: "owned_by", type: "text", of: (record) => record.session?.ownedBy ?? "" },
    { name: "created_by", type: "text", of: (record) => record.session?.createdBy ?? "" },
  ],
  watched: true,
  timed: true,
});

/** Streams into streaming sessions, by studio, session and stream. */
export const streamingSessionStreams = recordKind({
  name: "streaming_session_stream",
  desc: StreamingSessionStreamRecordSchema,
  key: [
    { name: "studio_id", type: "text" },
    { name: "session_id", type: "text" },
    { name: "stream_id", type: "text" },
  ],
  columns: [],
  watched: false,
  timed: true,
});

/** Backups of streaming sessions, by studio and backup. */
export const streamingSessionBackups = recordKind({
  name: "streaming_session_backup",
  desc: StreamingSessionBackupSchema,
  key: [
    { name: "studio_id", type: "text" },
    { name: "backup_id", type: "text" },
  ],
  columns: [{ name: "owned_by", type: "text", of: (backup) => backup.ownedBy }],
  watched: false,
  timed: false,
});

/** Studios that have sessions which are not deleted. */
const studios = recordKind({
  name: "studio",
  desc: StudioRecordSchema,
  key: [{ name: "studio_id", type: "text" }],
  columns: [],
  watched: false,
  timed: false,
});

/** The first answers to calls with a client token, by a hash of the caller, the operation and the token. */
export const idempotencyRecords = recordKind({
  name: "idempotency_record",
  desc: IdempotencyRecordSchema,
  key: [{ name: "call_hash", type: "text" }],
  columns: [],
  watched: false,
  timed: true,
});

/** Every kind that the store keeps. Engines have a table for each. */
export const recordKinds: readonly RecordKind[] = [
  cisSessions,
  cisFindings,
  streamingSessions,
  streamingSessionStreams,
  streamingSessionBackups,
  studios,
  idempotencyRecords,
];

/** The name of a scan job's session. */
export function cisSessionRef(scanJobId: string): RecordRef<typeof CisSessionRecordSchema> {
  return { kind: cisSessions, key: [scanJobId] };
}

/** The name of a rule's finding in an attempt of a scan job. */
export function cisFindingRef(scanJobId: string, attempt: number, ruleId: string): RecordRef<typeof CisFindingSchema> {
  return { kind: cisFindings, key: [scanJobId, attempt, ruleId] };
}

/** The name of a streaming session in a studio. */
export function streamingSessionRef(
  studioId: string,
  sessionId: string,
): RecordRef<typeof StreamingSessionRecordSchema> {
  return { kind: streamingSessions, key: [studioId, sessionId] };
}

/** The name of a stream into a streaming session. */
export function streamingSessionStreamRef(
  studioId: string,
  sessionId: string,
  streamId: string,
): RecordRef<typeof StreamingSessionStreamRecordSchema> {
  return { kind: streamingSessionStreams, key: [studioId, sessionId, streamId] };
}

/** The name of a backup in a studio. */
export function streamingSessionBackupRef(
  studioId: string,
  backupId: string,
): RecordRef<typeof StreamingSessionBackupSchema> {
  return { kind: streamingSessionBackups, key: [studioId, backupId] };
}

/** The name of a studio. */
export function studioRef(studioId: string): RecordRef<typeof StudioRecordSchema> {
  return { kind: studios, key: [studioId] };
}

/** The name of the first answer to a call with a client token. */
export function idempotencyRecordRef(callHash: string): RecordRef<typeof IdempotencyRecordSchema> {
  return { kind: idempotencyRecords, key: [callHash] };
}
