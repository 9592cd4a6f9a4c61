import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { StreamingSessionRecordSchema } from "../gen/sessiongateway/store/v1/records_pb.ts";
import type { ReportTransitionRequest } from "../gen/sessiongateway/streaming/v1/provisioner_service_pb.ts";
import {
  StreamingSessionState as State,
  StreamingSessionStateSchema,
  VolumeRetentionMode,
} from "../gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import type {
  CreateStreamingSessionRequest,
  DeleteStreamingSessionRequest,
  StartStreamingSessionRequest,
  StopStreamingSessionRequest,
} from "../gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import { GatewayError } from "./errors.ts";
import { launchProfileFault, profileFields, streamConfigurationOf } from "./launch-profile.ts";
import { streamingArn } from "./streaming-arn.ts";
import { type CompletionInput, completions, failures } from "./streaming-completion.ts";
import {
  enter,
  refuseFrom,
  type Situation,
  type StreamingDecision,
  type StreamingNames,
  type StreamingTransition,
} from "./streaming-decision.ts";
import { backupNotFound, streamingConflict, streamingSessionNotFound } from "./streaming-errors.ts";
import type { StreamingPolicy } from "./streaming-policy.ts";
import { failedStates, inProgressStates } from "./streaming-state.ts";
import { uncovered } from "./transition.ts";

const { UNSPECIFIED: UNKNOWN, READY, STOPPED, DELETED } = State;

/** A request with the id of the session to be, and how many sessions its studio has that are not deleted. */
export interface CreateInput extends StreamingNames {
  readonly request: CreateStreamingSessionRequest;
  readonly sessionCount: number;
}

/** CreateStreamingSession. */
export const createStreamingTransitions: readonly StreamingTransition<CreateInput>[] = [
  {
    from: [UNKNOWN],
    when: (situation) => profileFault(situation) !== undefined,
    apply: (situation) => ({ refuse: profileFault(situation) ?? uncovered(UNKNOWN) }),
  },
  { from: [UNKNOWN], when: isFull, apply: ({ input, policy }) => ({ refuse: quotaReached(input, policy) }) },
  { from: [UNKNOWN], to: State.CREATE_IN_PROGRESS, apply: createSession },
  refuseFrom([READY, STOPPED, DELETED, ...inProgressStates, ...failedStates], ({ input }) =>
    streamingConflict(input.sessionId, "The session exists already."),
  ),
];

/** StartStreamingSession. */
export const startStreamingTransitions: readonly StreamingTransition<StartStreamingSessionRequest>[] = [
  refuseFrom([UNKNOWN], ({ input }) => streamingSessionNotFound(input.sessionId)),
  {
    from: [STOPPED, State.START_FAILED],
    when: namesUnknownBackup,
    apply: ({ input }) => ({ refuse: backupNotFound(input.backupId) }),
  },
  {
    from: [STOPPED, State.START_FAILED],
    to: State.START_IN_PROGRESS,
    apply: (situation) =>
      enter(situation, State.START_IN_PROGRESS, {
        fields: {
          startedAt: timestampFromMs(situation.now),
          startedBy: situation.caller,
          startedFromBackupId: situation.input.backupId,
        },
      }),
  },
  refuseFrom(
    [READY, DELETED, ...inProgressStates, State.CREATE_FAILED, State.STOP_FAILED, State.DELETE_FAILED],
    ({ session }) => wrongState(session.sessionId, session.state, "started"),
  ),
];

/** StopStreamingSession. */
export const stopStreamingTransitions: readonly StreamingTransition<StopStreamingSessionRequest>[] = [
  refuseFrom([UNKNOWN], ({ input }) => streamingSessionNotFound(input.sessionId)),
  {
    from: [READY, State.STOP_FAILED],
    to: State.STOP_IN_PROGRESS,
    apply: (situation) => beginStop(situation, situation.input.volumeRetentionMode),
  },
  refuseFrom(
    [STOPPED, DELETED, ...inProgressStates, State.CREATE_FAILED, State.START_FAILED, State.DELETE_FAILED],
    ({ session }) => wrongState(session.sessionId, session.state, "stopped"),
  ),
];

/** DeleteStreamingSession. */
export const deleteStreamingTransitions: readonly StreamingTransition<DeleteStreamingSessionRequest>[] = [
  refuseFrom([UNKNOWN], ({ input }) => streamingSessionNotFound(input.sessionId)),
  {
    from: [READY, STOPPED, ...failedStates],
    to: State.DELETE_IN_PROGRESS,
    apply: (situation) => enter(situation, State.DELETE_IN_PROGRESS),
  },
  refuseFrom([DELETED, ...inProgressStates], ({ session }) => wrongState(session.sessionId, session.state, "deleted")),
];

/** A report with the id for the backup that a completed Stop may leave. */
export interface ReportInput extends CompletionInput, StreamingNames {
  readonly request: ReportTransitionRequest;
}

/** ReportTransition: the controller is the one who changes the session last. */
export const reportTransitions: readonly StreamingTransition<ReportInput>[] = [
  refuseFrom([UNKNOWN], ({ input }) => streamingSessionNotFound(input.sessionId)),
  {
    from: inProgressStates,
    when: ({ session, input }) => session.state !== input.request.state,
    apply: ({ session }) => ({ refuse: reportTooLate(session.sessionId) }),
  },
  ...failures<ReportInput>(({ input: { request } }) =>
    request.outcome.case === "failure" ? request.outcome.value : undefined,
  ),
  ...completions<ReportInput>(
    () => true,
    () => ({}),
  ),
  refuseFrom([READY, STOPPED, DELETED, ...failedStates], ({ session }) => reportTooLate(session.sessionId)),
];

/** A session enters STOP_IN_PROGRESS. */
export function beginStop(
  situation: Situation<unknown>,
  volumeRetentionMode: VolumeRetentionMode = VolumeRetentionMode.UNSPECIFIED,
): StreamingDecision {
  const { caller, now } = situation;
  return enter(situation, State.STOP_IN_PROGRESS, {
    fields: { stoppedAt: timestampFromMs(now), stoppedBy: caller, volumeRetentionMode },
  });
}

function profileFault({ input: { request }, policy }: Situation<CreateInput>): GatewayError | undefined {
  return launchProfileFault(streamConfigurationOf(policy.launchProfiles, request.launchProfileId), request);
}

function isFull({ input, policy: { maxSessionsPerStudio } }: Situation<CreateInput>): boolean {
  return maxSessionsPerStudio > 0 && input.sessionCount >= maxSessionsPerStudio;
}

function quotaReached({ studioId }: CreateInput, { maxSessionsPerStudio }: StreamingPolicy): GatewayError {
  return new GatewayError("quota", `The studio may have at most ${maxSessionsPerStudio} sessions.`, {
    resource: { type: "STUDIO", id: studioId },
  });
}

function createSession(situation: Situation<CreateInput>): StreamingDecision {
  const { input, caller, policy, now } = situation;
  const { request, studioId, sessionId } = input;
  const streamConfiguration = streamConfigurationOf(policy.launchProfiles, request.launchProfileId);
  const record = create(StreamingSessionRecordSchema, { studioId, streamConfiguration });
  const fields = {
    arn: streamingArn(policy, "streaming-session", sessionId),
    createdAt: timestampFromMs(now),
    createdBy: caller,
    ownedBy: request.ownedBy || caller,
    tags: { ...request.tags },
    ...profileFields(streamConfiguration, request),
  };
  return enter({ ...situation, present: { record, dueAt: undefined } }, State.CREATE_IN_PROGRESS, { fields });
}

function namesUnknownBackup({ present, input }: Situation<StartStreamingSessionRequest>): boolean {
  return input.backupId !== "" && !present?.record.backupIds.includes(input.backupId);
}

function wrongState(sessionId: string, state: State, participle: string): GatewayError {
  return streamingConflict(
    sessionId,
    `A session in state ${StreamingSessionStateSchema.value[state]?.localName} cannot be ${participle}.`,
  );
}

function reportTooLate(sessionId: string): GatewayError {
  return streamingConflict(sessionId, "The session is not in the state that the report is about.");
}
