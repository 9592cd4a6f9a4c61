import type { ServiceImpl } from "@connectrpc/connect";
import { principal } from "../auth/principal.ts";
import { reportTransitions } from "../domain/streaming-session.ts";
import type { ProvisionerService } from "../gen/sessiongateway/streaming/v1/provisioner_service_pb.ts";
import { streamingSessionRef } from "../store/record-kinds.ts";
import type { SessionStore } from "../store/session-store.ts";
import { randomId } from "./random-id.ts";
import type { StreamingUpdates } from "./streaming-updates.ts";

/** The provisioner service over a store. A report counts whichever provisioner is configured. */
export function createProvisionerService(
  store: SessionStore,
  updates: StreamingUpdates,
): ServiceImpl<typeof ProvisionerService> {
  return {
    async reportTransition(request, { values }) {
      const { studioId, sessionId } = request;
      const input = { studioId, sessionId, request, newBackupId: randomId() };
      const decide = updates.decide(reportTransitions, input, () => input, values.get(principal).id);
      return { session: await store.update([streamingSessionRef(studioId, sessionId)], decide) };
    },
  };
}
