import type { StreamingSession } from "../gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import type { WatchStreamingSessionsRequest } from "../gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import { streamingSessions } from "../store/record-kinds.ts";
import type { SessionStore } from "../store/session-store.ts";
import { streamWithPositionField } from "./position-field.ts";

/** An event of a watch. */
export interface StreamingSessionEvent {
  readonly session: StreamingSession;
  readonly cursor: string;
}

/** WatchStreamingSessions: that a record is removed tells nobody anything, for its session was DELETED long before. */
export async function* watchStreamingSessions(
  store: SessionStore,
  { studioId, sessionId, cursor }: WatchStreamingSessionsRequest,
  signal: AbortSignal,
): AsyncGenerator<StreamingSessionEvent> {
  const events = store.watch({
    kind: streamingSessions,
    signal,
    ...(sessionId === "" ? {} : { key: [studioId, sessionId] }),
    ...(cursor === "" ? {} : { cursor }),
  });
  for await (const { key, message, cursor: behind } of streamWithPositionField("cursor", events)) {
    if (key[0] === studioId && message?.session !== undefined) {
      yield { session: message.session, cursor: behind };
    }
  }
}
