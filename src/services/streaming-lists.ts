import { invalidField } from "../domain/errors.ts";
import {
  StreamingSessionState as State,
  type StreamingSession,
  type StreamingSessionBackup,
  StreamingSessionStateSchema,
} from "../gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import type {
  ListStreamingSessionBackupsRequest,
  ListStreamingSessionsRequest,
} from "../gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import { formatOpaque, parseOpaque } from "../store/opaque-text.ts";
import { streamingSessionBackups, streamingSessionRef, streamingSessions } from "../store/record-kinds.ts";
import type { SessionStore } from "../store/session-store.ts";
import { withPositionField } from "./position-field.ts";

/** How many entries a page holds. */
const pageSize = 100;

/** As the request's own limit on next_token. */
const maxTokenLength = 8192;

const shownStates: readonly State[] = StreamingSessionStateSchema.values
  .map(({ number }) => number as State)
  .filter((state) => state !== State.UNSPECIFIED && state !== State.DELETED);

/** A page of sessions. */
export interface SessionPage {
  readonly sessions: StreamingSession[];
  /** Empty on the last page. */
  readonly nextToken: string;
}

/** ListStreamingSessions: those that are named, also deleted ones, or else those that are not deleted. */
export async function listStreamingSessions(
  store: SessionStore,
  request: ListStreamingSessionsRequest,
): Promise<SessionPage> {
  return request.sessionIds === "" ? listAll(store, request) : listNamed(store, request);
}

/** ListStreamingSessionBackups. */
export async function listStreamingSessionBackups(
  store: SessionStore,
  { studioId, ownedBy, nextToken }: ListStreamingSessionBackupsRequest,
): Promise<{ readonly streamingSessionBackups: StreamingSessionBackup[]; readonly nextToken: string }> {
  const page = await withPositionField("next_token", () =>
    store.list({
      kind: streamingSessionBackups,
      order: "key",
      keyPrefix: [studioId],
      where: { owned_by: ownedBy === "" ? [] : [ownedBy] },
      limit: pageSize,
      ...(nextToken === "" ? {} : { after: nextToken }),
    }),
  );
  return { streamingSessionBackups: [...page.messages], nextToken: page.next ?? "" };
}

async function listAll(
  store: SessionStore,
  { studioId, createdBy, ownedBy, nextToken }: ListStreamingSessionsRequest,
): Promise<SessionPage> {
  const page = await withPositionField("next_token", () =>
    store.list({
      kind: streamingSessions,
      order: "key",
      keyPrefix: [studioId],
      where: {
        state: shownStates,
        created_by: createdBy === "" ? [] : [createdBy],
        owned_by: ownedBy === "" ? [] : [ownedBy],
      },
      limit: pageSize,
      ...(nextToken === "" ? {} : { after: nextToken }),
    }),
  );
  return { sessions: page.messages.flatMap(({ session }) => session ?? []), nextToken: page.next ?? "" };
}

/** The named ids are looked up in their order, and the token says which was the last. */
async function listNamed(
  store: SessionStore,
  { studioId, sessionIds, createdBy, ownedBy, nextToken }: ListStreamingSessionsRequest,
): Promise<SessionPage> {
  const lastId = nextToken === "" ? "" : parseNamedToken(nextToken, studioId);
  const ids = [...new Set(sessionIds.split(",").map((id) => id.trim()))].sort();
  const left = ids.filter((id) => id !== "" && id > lastId);
  const asked = left.slice(0, pageSize);
  const records = await Promise.all(asked.map((id) => store.get(streamingSessionRef(studioId, id))));
  const sessions = records
    .flatMap((record) => record?.session ?? [])
    .filter((session) => createdBy === "" || session.createdBy === createdBy)
    .filter((session) => ownedBy === "" || session.ownedBy === ownedBy);
  const last = left.length > pageSize ? asked.at(-1) : undefined;
  return { sessions, nextToken: last === undefined ? "" : formatOpaque(["named", studioId, last]) };
}

function parseNamedToken(text: string, studioId: string): string {
  const [list, studio, last, ...rest] = parseOpaque(text, maxTokenLength) ?? [];
  if (list !== "named" || studio !== studioId || typeof last !== "string" || rest.length > 0) {
    throw invalidField("next_token", "This value was not given out by this API.");
  }
  return last;
}
