import {
  type DescMessage,
  type DescMethodUnary,
  type JsonObject,
  type MessageInitShape,
  toJson,
} from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import { ProvisionerService } from "../../src/gen/sessiongateway/streaming/v1/provisioner_service_pb.ts";
import {
  StreamingSessionState as State,
  StreamingSessionStatusCode,
} from "../../src/gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import { StreamingSessionService } from "../../src/gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import { type RpcClient, rpcClients } from "../support/rpc-client.ts";
import { streamingGateway } from "../support/streaming-gateway.ts";

const { method } = StreamingSessionService;
const { reportTransition } = ProvisionerService.method;

/** Calls, and gives the answer as JSON, or the code and details of the error. */
async function call<Input extends DescMessage, Output extends DescMessage>(
  client: RpcClient,
  rpc: DescMethodUnary<Input, Output>,
  request: MessageInitShape<Input>,
): Promise<JsonObject> {
  const answer = await client.call(rpc, request);
  return "ok" in answer
    ? (toJson(rpc.output, answer.ok) as JsonObject)
    : { code: answer.code, details: answer.details };
}

const inState = (state: string, more: object = {}) => ({
  session: expect.objectContaining({ state: `STREAMING_SESSION_STATE_${state}`, ...more }),
});
const refused = (code: string, details: object) => ({ code, details: expect.objectContaining(details) });
const about = (resourceType: string, resourceName: string) => ({
  ResourceInfo: expect.objectContaining({ resourceType, resourceName }),
});
const invalid = (...fields: string[]) =>
  refused("InvalidArgument", {
    BadRequest: { fieldViolations: fields.map((field) => expect.objectContaining({ field })) },
  });

/** The life of a session with every kind of refusal on its way, in which nothing depends on time. */
async function live(client: RpcClient, studioId: string): Promise<void> {
  const create = { studioId, launchProfileId: "profile-1", clientToken: `token of ${studioId}` };
  expect(await call(client, method.createStreamingSession, {})).toEqual(invalid("studio_id", "launch_profile_id"));
  const created = await call(client, method.createStreamingSession, create);
  expect(created).toEqual(inState("CREATE_IN_PROGRESS", { createdBy: "anonymous", ownedBy: "anonymous" }));
  expect(await call(client, method.createStreamingSession, create)).toEqual(created);
  expect(await call(client, method.createStreamingSession, { ...create, ownedBy: "artist" })).toEqual(
    invalid("client_token"),
  );
  expect(
    await call(client, method.createStreamingSession, { ...create, clientToken: `token 2 of ${studioId}` }),
  ).toEqual(
    refused("ResourceExhausted", { QuotaFailure: { violations: [expect.objectContaining({ subject: studioId })] } }),
  );

  const sessionId = String((created["session"] as JsonObject)["sessionId"]);
  const names = { studioId, sessionId };
  const conflict = refused("FailedPrecondition", about("STREAMING_SESSION", sessionId));
  expect(await call(client, method.stopStreamingSession, names)).toEqual(conflict);
  expect(await call(client, reportTransition, { ...names, state: State.READY })).toEqual(invalid("state", "outcome"));
  const success = { case: "success", value: {} } as const;
  const late = { ...names, state: State.START_IN_PROGRESS, outcome: success };
  expect(await call(client, reportTransition, late)).toEqual(conflict);
  const done = (state: State) => call(client, reportTransition, { ...names, state, outcome: success });
  expect(await done(State.CREATE_IN_PROGRESS)).toEqual(inState("READY", { stopAt: expect.any(String) }));

  const stream = await call(client, method.createStreamingSessionStream, { ...names, expirationInSeconds: 60 });
  const { streamId, url } = stream["stream"] as JsonObject;
  expect(url).toContain(streamId);
  expect(await call(client, method.getStreamingSessionStream, { ...names, streamId: String(streamId) })).toEqual(
    stream,
  );
  expect(await call(client, method.getStreamingSessionStream, { ...names, streamId: "none" })).toEqual(
    refused("NotFound", about("STREAMING_SESSION_STREAM", "none")),
  );

  expect(await call(client, method.stopStreamingSession, names)).toEqual(inState("STOP_IN_PROGRESS"));
  expect(await done(State.STOP_IN_PROGRESS)).toEqual(inState("STOPPED"));
  expect(await call(client, method.startStreamingSession, { ...names, backupId: "none" })).toEqual(
    refused("NotFound", about("STREAMING_SESSION_BACKUP", "none")),
  );
  expect(await call(client, method.startStreamingSession, names)).toEqual(inState("START_IN_PROGRESS"));
  const failure = { statusCode: StreamingSessionStatusCode.NETWORK_CONNECTION_ERROR, statusMessage: "no route" };
  const failed = { ...names, state: State.START_IN_PROGRESS, outcome: { case: "failure", value: failure } } as const;
  expect(await call(client, reportTransition, failed)).toEqual(inState("START_FAILED", { statusMessage: "no route" }));
  expect(await call(client, method.deleteStreamingSession, names)).toEqual(inState("DELETE_IN_PROGRESS"));
  expect(await done(State.DELETE_IN_PROGRESS)).toEqual(inState("DELETED"));

  expect(await call(client, method.getStreamingSession, names)).toEqual(inState("DELETED"));
  expect(await call(client, method.listStreamingSessions, { studioId })).toEqual({});
  expect(await call(client, method.listStreamingSessions, { studioId, sessionIds: `none, ${sessionId}` })).toEqual({
    sessions: [expect.objectContaining({ sessionId })],
  });
  expect(await call(client, method.listStreamingSessions, { studioId, nextToken: "nonsense" })).toEqual(
    invalid("next_token"),
  );
  expect(await call(client, method.getStreamingSession, { studioId: "another", sessionId })).toEqual(
    refused("NotFound", about("STREAMING_SESSION", sessionId)),
  );
}

describe("the life of a streaming session", () => {
  test("has the same answers in every protocol of RPC", async () => {
    const { url } = await streamingGateway({ settings: { provisioner: "external", maxSessionsPerStudio: "1" } });
    const clients = rpcClients(url);
    expect(clients.length).toBeGreaterThan(8);
    try {
      for (const [index, client] of clients.entries()) {
        await live(client, `studio-${index}`).catch((error: unknown) => {
          throw new Error(client.name, { cause: error });
        });
      }
    } finally {
      for (const client of clients) {
        client.close();
      }
    }
  });
});

describe("over REST", () => {
  test("the token is a header, and is the same one that RPC carries in a field", async () => {
    const { url } = await streamingGateway();
    const rest = await fetch(`${url}/2020-08-01/studios/studio%2F1/streaming-sessions`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-amz-client-token": "token-1" },
      body: JSON.stringify({ launchProfileId: "profile-1", tags: { a: "1", b: "2" } }),
    });
    const { session } = (await rest.json()) as { session: JsonObject };
    const rpc = await createClient(
      StreamingSessionService,
      createGrpcTransport({ baseUrl: url }),
    ).createStreamingSession({
      studioId: "studio/1",
      launchProfileId: "profile-1",
      tags: { b: "2", a: "1" },
      clientToken: "token-1",
    });
    expect(rpc.session?.sessionId).toBe(session["sessionId"]);
    expect(rest.status).toBe(200);
  });

  test("a second answer to a token is the first, byte for byte", async () => {
    const { url } = await streamingGateway();
    const send = async () => {
      const answer = await fetch(`${url}/2020-08-01/studios/studio-1/streaming-sessions`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-amz-client-token": "token-1" },
        body: '{"launchProfileId":"profile-1","tags":{"b":"2","a":"1"}}',
      });
      return answer.text();
    };
    const first = await send();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await send()).toBe(first);
    expect(first).toContain('"maxBackupsToRetain":0');
  });

  test("an error has the name, the status and the context of the model", async () => {
    const { url } = await streamingGateway();
    const answer = await fetch(`${url}/2020-08-01/studios/studio-1/streaming-sessions/none/stop`, { method: "POST" });
    expect(answer.status).toBe(404);
    expect(answer.headers.get("x-amzn-errortype")).toBe("ResourceNotFoundException");
    expect(await answer.json()).toEqual({
      message: "There is no such streaming session.",
      context: { resourceId: "none" },
    });
  });
});

/** Reads the watch of a studio as JSON lines until `count` events were read. */
async function readWatch(url: string, studioId: string, cursor: string, count: number) {
  const ending = new AbortController();
  const query = cursor === "" ? "" : `?cursor=${cursor}`;
  const answer = await fetch(`${url}/v1/studios/${studioId}/streaming-sessions:watch${query}`, {
    signal: ending.signal,
  });
  const events: { session: JsonObject; cursor: string }[] = [];
  let text = "";
  for await (const chunk of answer.body ?? []) {
    const lines = (text + Buffer.from(chunk).toString()).split("\n");
    text = lines.pop() ?? "";
    events.push(...lines.filter((line) => line !== "").map((line) => JSON.parse(line)));
    if (events.length >= count) {
      break;
    }
  }
  ending.abort();
  return events;
}

test("a watch gives the sessions of its studio as they stand, then every change, and resumes behind a cursor", async () => {
  const { url } = await streamingGateway();
  const client = createClient(StreamingSessionService, createGrpcTransport({ baseUrl: url }));
  await client.createStreamingSession({ studioId: "another", launchProfileId: "profile-1" });
  const watched = readWatch(url, "studio-1", "", 3);
  const { session } = await client.createStreamingSession({ studioId: "studio-1", launchProfileId: "profile-1" });
  const sessionId = session?.sessionId ?? "";
  await expect
    .poll(async () => (await client.getStreamingSession({ studioId: "studio-1", sessionId })).session?.state)
    .toBe(State.READY);
  await client.stopStreamingSession({ studioId: "studio-1", sessionId });
  const events = await watched;
  expect(events.map((event) => event.session["sessionId"])).toEqual([sessionId, sessionId, sessionId]);
  expect(events.map((event) => event.session["state"])).toEqual(["CREATE_IN_PROGRESS", "READY", "STOP_IN_PROGRESS"]);
  const resumed = await readWatch(url, "studio-1", events[0]?.cursor ?? "", 2);
  expect(resumed).toEqual(events.slice(1));
});
