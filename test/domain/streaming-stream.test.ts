import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { compileStreamUrlTemplate } from "../../src/domain/stream-url-template.ts";
import { createStream, shownStream } from "../../src/domain/streaming-stream.ts";
import {
  type StreamingSessionRecord,
  StreamingSessionRecordSchema,
} from "../../src/gen/sessiongateway/store/v1/records_pb.ts";
import {
  StreamingSessionState as State,
  StreamingSessionStreamState,
  StreamingSessionStreamStatusCode,
} from "../../src/gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import { CreateStreamingSessionStreamRequestSchema } from "../../src/gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import { enteredAt, names, policy, presentIn, states, urlTemplate } from "../support/streaming-fixtures.ts";

const now = enteredAt + 1000;

function creation(record: StreamingSessionRecord | undefined, expirationInSeconds?: number) {
  const given = expirationInSeconds === undefined ? names : { ...names, expirationInSeconds };
  const request = create(CreateStreamingSessionStreamRequestSchema, given);
  return createStream(record, request, { streamId: "stream-1", caller: "caller" }, policy, now);
}

function openStream(expirationInSeconds?: number) {
  const decision = creation(presentIn(State.READY)?.record, expirationInSeconds);
  if ("refuse" in decision) {
    throw decision.refuse;
  }
  return decision;
}

/** The session of READY with some members changed. */
function ready(readyCount: number, state: State = State.READY): StreamingSessionRecord {
  return create(StreamingSessionRecordSchema, { readyCount, session: { sessionId: names.sessionId, state } });
}

describe("a new stream", () => {
  test.each(states)("in state %s of its session", (state) => {
    const decision = creation(presentIn(state)?.record);
    const outcome = "refuse" in decision ? decision.refuse.kind : "made";
    expect(outcome).toBe(state === undefined ? "notFound" : state === State.READY ? "made" : "conflict");
  });

  test.each([
    [undefined, 120],
    [60, 60],
    [3600, 3600],
  ])(
    "that asks for %s seconds expires after %d, and is shown as deleted for as long as sessions are",
    (given, seconds) => {
      const { record, dueAt } = openStream(given);
      expect(record.stream?.expiresAt && timestampMs(record.stream.expiresAt)).toBe(now + seconds * 1000);
      expect(dueAt).toBe(now + seconds * 1000 + policy.deletedRetentionMs);
    },
  );

  test("is the caller's, in the owner's session, with a URL", () => {
    expect(openStream().record.stream).toMatchObject({
      createdBy: "caller",
      ownedBy: "owner",
      streamId: "stream-1",
      state: StreamingSessionStreamState.READY,
      statusCode: StreamingSessionStreamStatusCode.STREAM_READY,
      url: `https://stream.example/${names.sessionId}/stream-1`,
    });
  });
});

describe("a stream is open", () => {
  const { record } = openStream(60);
  test.each([
    ["until it expires", ready(1), now + 59_999, true],
    ["no longer when it expires", ready(1), now + 60_000, false],
    ["no longer when its session is stopped", ready(1, State.STOP_IN_PROGRESS), now, false],
    ["not again when its session is started again", ready(2), now, false],
    ["not without its session", undefined, now, false],
  ])("%s", (_, session, at, isOpen) => {
    expect(shownStream(record, session, at)).toMatchObject(
      isOpen
        ? { state: StreamingSessionStreamState.READY, url: expect.stringContaining("https://") }
        : {
            state: StreamingSessionStreamState.DELETED,
            statusCode: StreamingSessionStreamStatusCode.STREAM_DELETED,
            url: "",
          },
    );
  });
});

describe("the template of a stream's URL", () => {
  test("takes placeholders in both spellings, and encodes what it puts there", () => {
    const parts = { studioId: "a/b c", sessionId: "s", streamId: "t" };
    expect(urlTemplate("https://x.example/{studioId}/{session_id}#{streamId}")(parts)).toBe(
      "https://x.example/a%2Fb%20c/s#t",
    );
  });

  test.each(["https://x.example/{session}", "/{sessionId}", "nonsense", "", "https://x.example/{}"])(
    "%j is none",
    (text) => expect(compileStreamUrlTemplate(text)).toHaveProperty("problem"),
  );
});
