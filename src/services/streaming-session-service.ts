import { create, type DescMethodUnary, type Message } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { principal } from "../auth/principal.ts";
import type { StreamingNames, StreamingTransition } from "../domain/streaming-decision.ts";
import { backupNotFound, streamingSessionNotFound, streamNotFound } from "../domain/streaming-errors.ts";
import type { StreamingPolicy } from "../domain/streaming-policy.ts";
import {
  createStreamingTransitions,
  deleteStreamingTransitions,
  startStreamingTransitions,
  stopStreamingTransitions,
} from "../domain/streaming-session.ts";
import { createStream, shownStream } from "../domain/streaming-stream.ts";
import type { StreamingSession } from "../gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import {
  CreateStreamingSessionResponseSchema,
  type CreateStreamingSessionStreamRequest,
  type CreateStreamingSessionStreamResponse,
  CreateStreamingSessionStreamResponseSchema,
  StreamingSessionService,
} from "../gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import {
  streamingSessionBackupRef,
  streamingSessionRef,
  streamingSessionStreamRef,
  studioRef,
} from "../store/record-kinds.ts";
import { type Decide, put, type SessionStore } from "../store/session-store.ts";
import type { Clock } from "./clock.ts";
import type { IdempotentUpdates } from "./idempotent-updates.ts";
import { randomId } from "./random-id.ts";
import { listStreamingSessionBackups, listStreamingSessions } from "./streaming-lists.ts";
import { type StreamingUpdates, sessionCountOf } from "./streaming-updates.ts";
import { watchStreamingSessions } from "./streaming-watch.ts";

const { method: rpc } = StreamingSessionService;

interface WithToken {
  readonly clientToken?: string | undefined;
}

interface WithSession {
  session?: StreamingSession | undefined;
}

/** What the service is made of. */
interface StreamingSessionServiceOptions {
  readonly store: SessionStore;
  readonly idempotent: IdempotentUpdates;
  readonly updates: StreamingUpdates;
  readonly policy: StreamingPolicy;
  readonly clock: Clock;
}

/** The streaming session service over a store. */
export function createStreamingSessionService(
  options: StreamingSessionServiceOptions,
): ServiceImpl<typeof StreamingSessionService> {
  const { store } = options;
  return {
    ...sessionChanges(options),
    ...streams(options),

    async getStreamingSession({ studioId, sessionId }) {
      const record = await store.get(streamingSessionRef(studioId, sessionId));
      if (record === undefined) {
        throw streamingSessionNotFound(sessionId);
      }
      return { session: record.session };
    },

    listStreamingSessions: (request) => listStreamingSessions(store, request),

    async getStreamingSessionBackup({ studioId, backupId }) {
      const streamingSessionBackup = await store.get(streamingSessionBackupRef(studioId, backupId));
      if (streamingSessionBackup === undefined) {
        throw backupNotFound(backupId);
      }
      return { streamingSessionBackup };
    },

    listStreamingSessionBackups: (request) => listStreamingSessionBackups(store, request),

    watchStreamingSessions: (request, { signal }) => watchStreamingSessions(store, request, signal),
  };
}

/** The RPCs that a state table decides. Ids are made out here, for a decision may run more than once. */
function sessionChanges({ idempotent, updates }: StreamingSessionServiceOptions) {
  function change<Request extends Message & StreamingNames & WithToken, Response extends Message & WithSession>(
    method: DescMethodUnary<GenMessage<Request>, GenMessage<Response>>,
    transitions: readonly StreamingTransition<Request>[],
    request: Request,
    context: HandlerContext,
  ): Promise<Response> {
    const caller = callerOf(context);
    const decide = updates.decide(transitions, request, () => request, caller);
    const refs = [streamingSessionRef(request.studioId, request.sessionId)];
    return idempotent.update({ method, request, caller }, refs, answerWith(method.output, decide));
  }

  return {
    createStreamingSession(request, context) {
      const { studioId } = request;
      const names = { studioId, sessionId: randomId() };
      const caller = callerOf(context);
      const decide = updates.decide(
        createStreamingTransitions,
        names,
        (records) => ({ ...names, request, sessionCount: sessionCountOf(records, studioId) }),
        caller,
      );
      return idempotent.update(
        { method: rpc.createStreamingSession, request, caller },
        [streamingSessionRef(studioId, names.sessionId), studioRef(studioId)],
        answerWith(CreateStreamingSessionResponseSchema, decide),
      );
    },

    startStreamingSession: (request, context) =>
      change(rpc.startStreamingSession, startStreamingTransitions, request, context),
    stopStreamingSession: (request, context) =>
      change(rpc.stopStreamingSession, stopStreamingTransitions, request, context),
    deleteStreamingSession: (request, context) =>
      change(rpc.deleteStreamingSession, deleteStreamingTransitions, request, context),
  } satisfies Partial<ServiceImpl<typeof StreamingSessionService>>;
}

function streams({ store, idempotent, policy, clock }: StreamingSessionServiceOptions) {
  return {
    createStreamingSessionStream(request, context) {
      const names = { streamId: randomId(), caller: callerOf(context) };
      const call = { method: rpc.createStreamingSessionStream, request, caller: names.caller };
      const refs = [streamingSessionRef(request.studioId, request.sessionId)];
      return idempotent.update(call, refs, decideStream(request, names, policy, clock));
    },

    async getStreamingSessionStream({ studioId, sessionId, streamId }) {
      const [session, record] = await Promise.all([
        store.get(streamingSessionRef(studioId, sessionId)),
        store.get(streamingSessionStreamRef(studioId, sessionId, streamId)),
      ]);
      const stream = record && shownStream(record, session, clock());
      if (stream === undefined) {
        throw streamNotFound(streamId);
      }
      return { stream };
    },
  } satisfies Partial<ServiceImpl<typeof StreamingSessionService>>;
}

function decideStream(
  request: CreateStreamingSessionStreamRequest,
  names: { readonly streamId: string; readonly caller: string },
  policy: StreamingPolicy,
  clock: Clock,
): Decide<CreateStreamingSessionStreamResponse> {
  const { studioId, sessionId } = request;
  return (records) => {
    const session = records.get(streamingSessionRef(studioId, sessionId))?.message;
    const decision = createStream(session, request, names, policy, clock());
    if ("refuse" in decision) {
      return decision;
    }
    const { record, dueAt } = decision;
    const { stream } = record;
    return {
      put: [put(streamingSessionStreamRef(studioId, sessionId, names.streamId), record, dueAt)],
      reply: create(CreateStreamingSessionStreamResponseSchema, stream === undefined ? {} : { stream }),
    };
  };
}

/** The decision, with the session in the response message of its RPC. */
function answerWith<Shape extends Message & WithSession>(
  desc: GenMessage<Shape>,
  decide: Decide<StreamingSession | undefined>,
): Decide<Shape> {
  return (records) => {
    const decision = decide(records);
    if (!("reply" in decision)) {
      return decision;
    }
    const reply = create(desc);
    reply.session = decision.reply;
    return { ...decision, reply };
  };
}

function callerOf({ values }: HandlerContext): string {
  return values.get(principal).id;
}
