import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { compileStreamUrlTemplate, type StreamUrlTemplate } from "../../src/domain/stream-url-template.ts";
import type { StreamingPresent } from "../../src/domain/streaming-decision.ts";
import { streamingDueAt } from "../../src/domain/streaming-due.ts";
import type { StreamingPolicy } from "../../src/domain/streaming-policy.ts";
import {
  type StreamConfigurationSchema,
  StreamingSessionRecordSchema,
} from "../../src/gen/sessiongateway/store/v1/records_pb.ts";
import {
  AutomaticTerminationMode,
  SessionBackupMode,
  SessionPersistenceMode,
  type StreamingSessionState as State,
  StreamingSessionState,
} from "../../src/gen/sessiongateway/streaming/v1/streaming_session_pb.ts";

export const names = { studioId: "studio-1", sessionId: "yeG7lDwNQEiwNTRT7DrV7Q" };
export const enteredAt = 1_800_000_000_000;
export const minuteMs = 60_000;

export function urlTemplate(text: string): StreamUrlTemplate {
  const compiled = compileStreamUrlTemplate(text);
  if ("problem" in compiled) {
    throw new Error(compiled.problem);
  }
  return compiled.value;
}

export const policy: StreamingPolicy = {
  provisioner: "simulated",
  simulatedDelayMs: 1000,
  maxSessionsPerStudio: 0,
  deletedRetentionMs: 24 * 60 * minuteMs,
  region: "us-east-1",
  account: "000000000000",
  streamUrl: urlTemplate("https://stream.example/{sessionId}/{streamId}"),
  launchProfiles: new Map(),
};

/** The states of a session, and `undefined` where there is none. */
export const states: readonly (State | undefined)[] = [
  undefined,
  StreamingSessionState.CREATE_IN_PROGRESS,
  StreamingSessionState.START_IN_PROGRESS,
  StreamingSessionState.STOP_IN_PROGRESS,
  StreamingSessionState.DELETE_IN_PROGRESS,
  StreamingSessionState.READY,
  StreamingSessionState.STOPPED,
  StreamingSessionState.DELETED,
  StreamingSessionState.CREATE_FAILED,
  StreamingSessionState.START_FAILED,
  StreamingSessionState.STOP_FAILED,
  StreamingSessionState.DELETE_FAILED,
];

/** What a launch profile lays down in tests: terminations and backups happen. */
export const configuration: MessageInitShape<typeof StreamConfigurationSchema> = {
  automaticTerminationMode: AutomaticTerminationMode.ACTIVATED,
  backupMode: SessionBackupMode.AUTOMATIC,
  maxBackupsToRetain: 2,
  maxSessionLengthInMinutes: 10,
  maxStoppedSessionLengthInMinutes: 20,
  sessionPersistenceMode: SessionPersistenceMode.ACTIVATED,
};

/** A session that entered a state at `enteredAt`, by the caller `creator`, with two backups. */
export function presentIn(
  state: State | undefined,
  changes: MessageInitShape<typeof StreamConfigurationSchema> = {},
): StreamingPresent | undefined {
  if (state === undefined) {
    return undefined;
  }
  const streamConfiguration = { ...configuration, ...changes };
  const { automaticTerminationMode, backupMode, maxBackupsToRetain } = streamConfiguration;
  const at = timestampFromMs(enteredAt);
  const record = create(StreamingSessionRecordSchema, {
    studioId: names.studioId,
    streamConfiguration: streamConfiguration as MessageInitShape<typeof StreamConfigurationSchema>,
    backupIds: ["backup-1", "backup-2"],
    readyCount: 1,
    session: {
      sessionId: names.sessionId,
      state,
      automaticTerminationMode: automaticTerminationMode ?? 0,
      backupMode: backupMode ?? 0,
      maxBackupsToRetain: maxBackupsToRetain ?? 0,
      createdAt: at,
      createdBy: "creator",
      ownedBy: "owner",
      updatedAt: at,
      updatedBy: "creator",
      tags: { project: "film" },
      ...(state === StreamingSessionState.READY ? { stopAt: timestampFromMs(enteredAt + 10 * minuteMs) } : {}),
      ...(state === StreamingSessionState.STOPPED ? { terminateAt: timestampFromMs(enteredAt + 20 * minuteMs) } : {}),
    },
  });
  return { record, dueAt: streamingDueAt(record, policy, enteredAt) };
}
