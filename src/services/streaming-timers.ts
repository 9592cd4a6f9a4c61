import { systemPrincipal } from "../domain/streaming-decision.ts";
import { timerTransitions } from "../domain/streaming-timers.ts";
import type { RecordRef } from "../store/record-kind.ts";
import { streamingSessionRef, streamingSessionStreams, streamingSessions } from "../store/record-kinds.ts";
import type { SessionStore } from "../store/session-store.ts";
import { randomId } from "./random-id.ts";
import type { StreamingUpdates } from "./streaming-updates.ts";

type Timer = (ref: RecordRef) => Promise<void>;

/** What happens when a record of streaming sessions falls due, by the name of its kind. */
export function createStreamingTimers(store: SessionStore, updates: StreamingUpdates): Readonly<Record<string, Timer>> {
  return {
    async [streamingSessions.name]({ key }) {
      const [studioId = "", sessionId = ""] = key.map(String);
      const input = { studioId, sessionId, newBackupId: randomId() };
      const decide = updates.decide(timerTransitions, input, () => input, systemPrincipal);
      await store.update([streamingSessionRef(studioId, sessionId)], decide);
    },

    // A stream falls due once, when it has been shown as deleted for long enough.
    async [streamingSessionStreams.name](ref) {
      await store.update([], () => ({ put: [], remove: [ref], reply: undefined }));
    },
  };
}
