import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type StreamingSessionRecord,
  type StreamingSessionStreamRecord,
  StreamingSessionStreamRecordSchema,
} from "../gen/sessiongateway/store/v1/records_pb.ts";
import {
  StreamingSessionState as State,
  type StreamingSessionStream,
  StreamingSessionStreamState,
  StreamingSessionStreamStatusCode,
} from "../gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import type { CreateStreamingSessionStreamRequest } from "../gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import type { GatewayError } from "./errors.ts";
import { streamingConflict, streamingSessionNotFound } from "./streaming-errors.ts";
import type { StreamingPolicy } from "./streaming-policy.ts";

/** For how long a stream is open where the request does not say. From the service's Smithy model. */
const defaultExpirationSeconds = 120;

/** A decision about a new stream: refused, or the stream to keep and when its record is to go. */
export type StreamDecision =
  | { readonly refuse: GatewayError }
  | {
      readonly record: StreamingSessionStreamRecord;
      /** Unix milliseconds. */
      readonly dueAt: number;
    };

/**
 * CreateStreamingSessionStream: opens a stream into a session that is ready.
 *
 * @param names The id of the new stream, and the caller's principal.
 * @param now Unix milliseconds.
 */
export function createStream(
  present: StreamingSessionRecord | undefined,
  request: CreateStreamingSessionStreamRequest,
  names: { readonly streamId: string; readonly caller: string },
  policy: StreamingPolicy,
  now: number,
): StreamDecision {
  const { studioId, sessionId, expirationInSeconds = defaultExpirationSeconds } = request;
  const session = present?.session;
  if (present === undefined || session === undefined) {
    return { refuse: streamingSessionNotFound(sessionId) };
  }
  if (session.state !== State.READY) {
    return { refuse: streamingConflict(sessionId, "The session is not ready to be streamed.") };
  }
  const { streamId, caller } = names;
  const expiresAt = now + expirationInSeconds * 1000;
  const record = create(StreamingSessionStreamRecordSchema, {
    stream: {
      createdAt: timestampFromMs(now),
      createdBy: caller,
      expiresAt: timestampFromMs(expiresAt),
      ownedBy: session.ownedBy,
      state: StreamingSessionStreamState.READY,
      statusCode: StreamingSessionStreamStatusCode.STREAM_READY,
      streamId,
      url: policy.streamUrl({ studioId, sessionId, streamId }),
    },
    readyCount: present.readyCount,
  });
  return { record, dueAt: expiresAt + policy.deletedRetentionMs };
}

/**
 * The stream as it stands: as it was created until it expires or its session leaves READY, from then on DELETED and without
 * the URL.
 *
 * @param session The record of its session, where there still is one.
 */
export function shownStream(
  { stream, readyCount }: StreamingSessionStreamRecord,
  session: StreamingSessionRecord | undefined,
  now: number,
): StreamingSessionStream | undefined {
  if (stream?.expiresAt === undefined) {
    return undefined;
  }
  const isOpen = session?.session?.state === State.READY && session.readyCount === readyCount;
  if (isOpen && now < timestampMs(stream.expiresAt)) {
    return stream;
  }
  return {
    ...stream,
    state: StreamingSessionStreamState.DELETED,
    statusCode: StreamingSessionStreamStatusCode.STREAM_DELETED,
    url: "",
  };
}
