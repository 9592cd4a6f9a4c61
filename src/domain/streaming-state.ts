import {
  StreamingSessionState as State,
  StreamingSessionStatusCode as StatusCode,
  type StreamingSession,
} from "../gen/sessiongateway/streaming/v1/streaming_session_pb.ts";

/** The states in which a provisioner is at work. */
export const inProgressStates = [
  State.CREATE_IN_PROGRESS,
  State.START_IN_PROGRESS,
  State.STOP_IN_PROGRESS,
  State.DELETE_IN_PROGRESS,
] as const;

/** The states in which a provisioner has given up. */
export const failedStates = [State.CREATE_FAILED, State.START_FAILED, State.STOP_FAILED, State.DELETE_FAILED] as const;

/** The status codes of the states that have one of their own. */
const codeOfState: ReadonlyMap<State, StatusCode> = new Map([
  [State.CREATE_IN_PROGRESS, StatusCode.STREAMING_SESSION_CREATE_IN_PROGRESS],
  [State.START_IN_PROGRESS, StatusCode.STREAMING_SESSION_START_IN_PROGRESS],
  [State.STOP_IN_PROGRESS, StatusCode.STREAMING_SESSION_STOP_IN_PROGRESS],
  [State.DELETE_IN_PROGRESS, StatusCode.STREAMING_SESSION_DELETE_IN_PROGRESS],
  [State.READY, StatusCode.STREAMING_SESSION_READY],
  [State.STOPPED, StatusCode.STREAMING_SESSION_STOPPED],
  [State.DELETED, StatusCode.STREAMING_SESSION_DELETED],
]);

/** The status code of a state. A failed state has none of its own: what failed says it. */
export function statusCodeOf(state: State): StatusCode {
  return codeOfState.get(state) ?? StatusCode.INTERNAL_ERROR;
}

/** Whether a session counts against the quota of its studio: it does until it is deleted. */
export function countsAgainstQuota(session: StreamingSession | undefined): boolean {
  return session !== undefined && session.state !== State.DELETED;
}
