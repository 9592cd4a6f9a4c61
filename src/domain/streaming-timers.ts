import { StreamingSessionState as State } from "../gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import { type CompletionInput, completions } from "./streaming-completion.ts";
import {
  enter,
  reschedule,
  type Situation,
  type StreamingNames,
  type StreamingTransition,
} from "./streaming-decision.ts";
import { externalLookMs } from "./streaming-due.ts";
import { beginStop } from "./streaming-session.ts";
import { failedStates, inProgressStates } from "./streaming-state.ts";

/** The session that has fallen due, with the id for the backup that a completed Stop may leave. */
export interface TimerInput extends CompletionInput, StreamingNames {}

const { UNSPECIFIED: UNKNOWN, READY, STOPPED, DELETED } = State;

/**
 * A session fell due. Another process may have seen to it already, so the state that is found decides, and a session that
 * is not due any more is left alone.
 */
export const timerTransitions: readonly StreamingTransition<TimerInput>[] = [
  {
    from: [UNKNOWN, READY, STOPPED, DELETED, ...inProgressStates, ...failedStates],
    when: ({ present, now }) => present?.dueAt === undefined || now < present.dueAt,
    apply: (situation) => reschedule(situation, situation.present?.dueAt),
  },
  {
    from: inProgressStates,
    when: ({ policy }) => policy.provisioner === "external",
    apply: (situation) => reschedule(situation, situation.now + externalLookMs),
  },
  ...completions<TimerInput>(
    () => true,
    // Nobody called, so the one who asked for the transition is still the last to have changed the session.
    ({ session }) => ({ updatedBy: session.updatedBy }),
  ),
  {
    from: [READY],
    when: mayNotBeStopped,
    to: State.DELETE_IN_PROGRESS,
    apply: (situation) => enter(situation, State.DELETE_IN_PROGRESS),
  },
  { from: [READY], to: State.STOP_IN_PROGRESS, apply: (situation) => beginStop(situation) },
  {
    from: [STOPPED],
    to: State.DELETE_IN_PROGRESS,
    apply: (situation) => enter(situation, State.DELETE_IN_PROGRESS),
  },
  { from: [DELETED], apply: () => ({ next: { record: undefined, dueAt: undefined } }) },
  { from: failedStates, apply: (situation) => reschedule(situation, undefined) },
];

function mayNotBeStopped({ present }: Situation<TimerInput>): boolean {
  return (present?.record.streamConfiguration?.maxStoppedSessionLengthInMinutes ?? 0) === 0;
}
