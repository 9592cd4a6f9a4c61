import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { StreamingSessionRecord } from "../gen/sessiongateway/store/v1/records_pb.ts";
import {
  SessionBackupMode,
  StreamingSessionState as State,
  type StreamingSession,
  type StreamingSessionBackup,
  StreamingSessionBackupSchema,
} from "../gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import { statusCodeOf } from "./streaming-state.ts";

/** What becomes of the backups of a session. */
export interface BackupChange {
  /** Those that the session then has, the oldest first. */
  readonly backupIds: readonly string[];
  /** The one that is new. */
  readonly made?: StreamingSessionBackup;
  /** Those that are to go. */
  readonly droppedIds: readonly string[];
}

/** Where a new backup gets its names from. */
export interface NewBackup {
  readonly backupId: string;
  readonly arn: string;
}

/** What a completed Stop does to the backups: it makes one where the session's profile says so, and the oldest go. */
export function backUp(record: StreamingSessionRecord, names: NewBackup, now: number): BackupChange {
  const { session, backupIds } = record;
  if (session?.backupMode !== SessionBackupMode.AUTOMATIC || session.maxBackupsToRetain === 0) {
    return { backupIds, droppedIds: [] };
  }
  const all = [...backupIds, names.backupId];
  const dropCount = Math.max(0, all.length - session.maxBackupsToRetain);
  return {
    backupIds: all.slice(dropCount),
    made: backupOf(session, names, now),
    droppedIds: all.slice(0, dropCount),
  };
}

function backupOf(session: StreamingSession, { backupId, arn }: NewBackup, now: number): StreamingSessionBackup {
  const { launchProfileId, ownedBy, sessionId, tags } = session;
  return create(StreamingSessionBackupSchema, {
    arn,
    backupId,
    createdAt: timestampFromMs(now),
    launchProfileId,
    ownedBy,
    sessionId,
    state: State.READY,
    statusCode: statusCodeOf(State.READY),
    tags: { ...tags },
  });
}
