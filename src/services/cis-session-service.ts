import { randomUUID } from "node:crypto";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  createTransitions,
  healthTransitions,
  sessionNotFound,
  startTransitions,
  stopTransitions,
  telemetryTransitions,
} from "../domain/cis-session.ts";
import type { CisSession } from "../gen/sessiongateway/cis/v1/cis_session_pb.ts";
import type { CisSessionService } from "../gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { cisFindings, cisSessionRef, cisSessions } from "../store/record-kinds.ts";
import type { SessionStore } from "../store/session-store.ts";
import type { CisSessions } from "./cis-sessions.ts";
import { streamWithPositionField, withPositionField } from "./position-field.ts";

/** How many entries a page holds where the request does not say. */
const defaultPageSize = 100;

/** The CIS session service over a store. */
export function createCisSessionService(
  store: SessionStore,
  sessions: CisSessions,
): ServiceImpl<typeof CisSessionService> {
  async function getSession(scanJobId: string): Promise<CisSession> {
    const session = (await store.get(cisSessionRef(scanJobId)))?.session;
    if (session === undefined) {
      throw sessionNotFound(scanJobId);
    }
    return session;
  }

  return {
    async startCisSession(request) {
      await sessions.decide(startTransitions, request);
      return {};
    },

    async sendCisSessionHealth(request) {
      await sessions.decide(healthTransitions, request);
      return {};
    },

    async sendCisSessionTelemetry(request) {
      const { scanJobId, sessionToken, messages } = request;
      const ruleIds = messages.map(({ ruleId }) => ruleId);
      await sessions.decideWithFindings(telemetryTransitions, scanJobId, ruleIds, (kept) => ({
        scanJobId,
        sessionToken,
        messages,
        kept,
      }));
      return {};
    },

    async stopCisSession(request) {
      await sessions.decide(stopTransitions, request);
      return {};
    },

    async createCisScanJob({ scanJobId }) {
      return { session: await sessions.decide(createTransitions, { scanJobId: scanJobId || randomUUID() }) };
    },

    async getCisSession({ scanJobId }) {
      return { session: await getSession(scanJobId) };
    },

    async listCisSessions({ pageSize, pageToken, states, stopStatuses }) {
      const page = await withPositionField("page_token", () =>
        store.list({
          kind: cisSessions,
          order: "newest",
          where: { state: states, stop_status: stopStatuses },
          limit: pageSize || defaultPageSize,
          ...(pageToken === "" ? {} : { after: pageToken }),
        }),
      );
      return {
        sessions: page.messages.flatMap(({ session }) => session ?? []),
        nextPageToken: page.next ?? "",
      };
    },

    async listCisFindings({ scanJobId, pageSize, pageToken, statuses, attempt }) {
      const session = await getSession(scanJobId);
      const page = await withPositionField("page_token", () =>
        store.list({
          kind: cisFindings,
          order: "key",
          keyPrefix: [scanJobId, attempt || session.attempt],
          where: { status: statuses },
          limit: pageSize || defaultPageSize,
          ...(pageToken === "" ? {} : { after: pageToken }),
        }),
      );
      return { findings: [...page.messages], nextPageToken: page.next ?? "" };
    },

    async *watchCisSessions({ cursor, scanJobId }, { signal }) {
      const events = store.watch({
        kind: cisSessions,
        signal,
        ...(scanJobId === "" ? {} : { key: [scanJobId] }),
        ...(cursor === "" ? {} : { cursor }),
      });
      for await (const event of streamWithPositionField("cursor", events)) {
        if (event.message?.session !== undefined) {
          yield { session: event.message.session, cursor: event.cursor };
        }
      }
    },
  };
}
