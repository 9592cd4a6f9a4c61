import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type StreamingSessionRecord,
  StreamingSessionRecordSchema,
} from "../gen/sessiongateway/store/v1/records_pb.ts";
import {
  AutomaticTerminationMode,
  StreamingSessionState as State,
  type StreamingSession,
  StreamingSessionSchema,
} from "../gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import type { GatewayError } from "./errors.ts";
import type { BackupChange } from "./streaming-backup.ts";
import { streamingDueAt } from "./streaming-due.ts";
import type { StreamingPolicy } from "./streaming-policy.ts";
import { statusCodeOf } from "./streaming-state.ts";
import { decideByTable, type Transition } from "./transition.ts";

/** The present: the kept record and when it falls due, or nothing where the session is unknown. */
export interface StreamingPresent {
  readonly record: StreamingSessionRecord;
  /** Unix milliseconds. */
  readonly dueAt: number | undefined;
}

/** What becomes of a session. */
export interface StreamingNext {
  /** The record to keep, or undefined where it is to go. */
  readonly record: StreamingSessionRecord | undefined;
  /** When it next falls due, in Unix milliseconds. */
  readonly dueAt: number | undefined;
  readonly backups?: BackupChange;
}

/** A decision about a session: refused, or what it next is. A session that stays as it is keeps its very record. */
export type StreamingDecision = { readonly refuse: GatewayError } | { readonly next: StreamingNext };

/** The names that a call or a timer is about. */
export interface StreamingNames {
  readonly studioId: string;
  readonly sessionId: string;
}

/** Everything that a row of a state table may look at. The session of an unknown one has the state UNSPECIFIED. */
export interface Situation<Input> {
  readonly present: StreamingPresent | undefined;
  readonly session: StreamingSession;
  readonly input: Input;
  /** The principal of the caller, or `system` for a timer. */
  readonly caller: string;
  readonly policy: StreamingPolicy;
  /** Unix milliseconds. */
  readonly now: number;
}

/** One row of a state table of streaming sessions. */
export type StreamingTransition<Input> = Transition<State, Situation<Input>, StreamingDecision>;

/** Who acts where nobody calls. */
export const systemPrincipal = "system";

const minuteMs = 60_000;

/** What changes beside the session when it enters a state. */
interface Entry {
  /** What changes of the session beyond what every state brings with it. */
  readonly fields?: Partial<StreamingSession>;
  readonly readyCount?: number;
  readonly backups?: BackupChange | undefined;
}

/** The session enters a state, with its status code, its timers and whatever else changes. */
export function enter(
  situation: Situation<unknown>,
  state: State,
  { fields = {}, readyCount, backups }: Entry = {},
): StreamingDecision {
  const { present, session, caller, policy, now } = situation;
  const next: StreamingSession = {
    ...session,
    state,
    statusCode: statusCodeOf(state),
    statusMessage: "",
    updatedAt: timestampFromMs(now),
    updatedBy: caller,
    ...deadlines(situation, state),
    ...fields,
  };
  const before = present?.record;
  const record = create(StreamingSessionRecordSchema, {
    studioId: before?.studioId ?? "",
    streamConfiguration: before?.streamConfiguration,
    backupIds: [...(backups?.backupIds ?? before?.backupIds ?? [])],
    readyCount: readyCount ?? before?.readyCount ?? 0,
    session: next,
  });
  return {
    next: { record, dueAt: streamingDueAt(record, policy, now), ...(backups === undefined ? {} : { backups }) },
  };
}

/** `stopAt` belongs to READY and `terminateAt` to STOPPED; any other state has neither. */
function deadlines({ present, session, now }: Situation<unknown>, state: State) {
  const configuration = present?.record.streamConfiguration;
  const readyMs = (configuration?.maxSessionLengthInMinutes ?? 0) * minuteMs;
  const stoppedMs = (configuration?.maxStoppedSessionLengthInMinutes ?? 0) * minuteMs;
  const terminates = session.automaticTerminationMode === AutomaticTerminationMode.ACTIVATED;
  return {
    stopAt: state === State.READY ? timestampFromMs(now + readyMs) : undefined,
    terminateAt: state === State.STOPPED && terminates ? timestampFromMs(now + stoppedMs) : undefined,
  };
}

/** The session stays as it is, and falls due at another time, or never. */
export function reschedule({ present }: Situation<unknown>, dueAt: number | undefined): StreamingDecision {
  return { next: { record: present?.record, dueAt } };
}

/** A row refuses every call in these states. */
export function refuseFrom<Input>(
  from: readonly State[],
  refusal: (situation: Situation<Input>) => GatewayError,
): StreamingTransition<Input> {
  return { from, apply: (situation) => ({ refuse: refusal(situation) }) };
}

/**
 * Decides about a session by a state table.
 *
 * @param caller The caller's principal.
 * @param now Unix milliseconds.
 */
export function decideStreaming<Input extends StreamingNames>(
  transitions: readonly StreamingTransition<Input>[],
  present: StreamingPresent | undefined,
  input: Input,
  caller: string,
  policy: StreamingPolicy,
  now: number,
): StreamingDecision {
  const session = present?.record.session ?? create(StreamingSessionSchema, { sessionId: input.sessionId });
  const situation = { present, session, input, caller, policy, now };
  return decideByTable(transitions, session.state, situation);
}
