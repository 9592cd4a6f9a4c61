import type { TransitionFailure } from "../gen/sessiongateway/streaming/v1/provisioner_service_pb.ts";
import {
  StreamingSessionState as State,
  StreamingSessionStatusCode as StatusCode,
  type StreamingSession,
} from "../gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import { streamingArn } from "./streaming-arn.ts";
import { backUp } from "./streaming-backup.ts";
import { enter, type Situation, type StreamingDecision, type StreamingTransition } from "./streaming-decision.ts";

/** What completing a transition may need. */
export interface CompletionInput {
  /** The id for the backup that a completed Stop may leave. */
  readonly newBackupId: string;
}

type Complete = (situation: Situation<CompletionInput>, fields?: Partial<StreamingSession>) => StreamingDecision;

/** What each transition leads to when it is done and when it fails. */
const outcomes: readonly { readonly from: State; readonly to: State; readonly failed: State; complete: Complete }[] = [
  { from: State.CREATE_IN_PROGRESS, to: State.READY, failed: State.CREATE_FAILED, complete: becomeReady },
  {
    from: State.START_IN_PROGRESS,
    to: State.READY,
    failed: State.START_FAILED,
    complete: (situation, fields) =>
      becomeReady(situation, { ...fields, statusCode: StatusCode.STREAMING_SESSION_STARTED }),
  },
  { from: State.STOP_IN_PROGRESS, to: State.STOPPED, failed: State.STOP_FAILED, complete: becomeStopped },
  { from: State.DELETE_IN_PROGRESS, to: State.DELETED, failed: State.DELETE_FAILED, complete: becomeDeleted },
];

/**
 * A row for each transition that is done.
 *
 * @param fieldsOf What else changes.
 */
export function completions<Input extends CompletionInput>(
  when: (situation: Situation<Input>) => boolean,
  fieldsOf: (situation: Situation<Input>) => Partial<StreamingSession>,
): readonly StreamingTransition<Input>[] {
  return outcomes.map(({ from, to, complete }) => ({
    from: [from],
    when,
    to,
    apply: (situation) => complete(situation, fieldsOf(situation)),
  }));
}

/** A row for each transition that failed, where `failureOf` says how. */
export function failures<Input extends CompletionInput>(
  failureOf: (situation: Situation<Input>) => TransitionFailure | undefined,
): readonly StreamingTransition<Input>[] {
  return outcomes.map(({ from, failed }) => ({
    from: [from],
    when: (situation) => failureOf(situation) !== undefined,
    to: failed,
    apply: (situation) => {
      const { statusCode = StatusCode.INTERNAL_ERROR, statusMessage = "" } = failureOf(situation) ?? {};
      return enter(situation, failed, { fields: { statusCode, statusMessage } });
    },
  }));
}

function becomeReady(situation: Situation<CompletionInput>, fields: Partial<StreamingSession> = {}): StreamingDecision {
  const readyCount = (situation.present?.record.readyCount ?? 0) + 1;
  return enter(situation, State.READY, { fields, readyCount });
}

function becomeStopped(
  situation: Situation<CompletionInput>,
  fields: Partial<StreamingSession> = {},
): StreamingDecision {
  const { present, input, policy, now } = situation;
  const backupId = input.newBackupId;
  const arn = streamingArn(policy, "streaming-session-backup", backupId);
  const backups = present && backUp(present.record, { backupId, arn }, now);
  return enter(situation, State.STOPPED, { fields, backups });
}

/** The backups go with the session, for nothing could be started from them. */
function becomeDeleted(
  situation: Situation<CompletionInput>,
  fields: Partial<StreamingSession> = {},
): StreamingDecision {
  const droppedIds = situation.present?.record.backupIds ?? [];
  return enter(situation, State.DELETED, { fields, backups: { backupIds: [], droppedIds } });
}
