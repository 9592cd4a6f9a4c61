import { heartbeatTransitions } from "../domain/cis-session.ts";
import type { RecordRef } from "../store/record-kind.ts";
import type { CisSessions } from "./cis-sessions.ts";

/** What happens when a CIS session falls due: it is lost where nothing was heard for too long, else it is set anew. */
export function createCisTimer(sessions: CisSessions): (ref: RecordRef) => Promise<void> {
  return async ({ key: [scanJobId] }) => {
    await sessions.decide(heartbeatTransitions, { scanJobId: String(scanJobId) });
  };
}
