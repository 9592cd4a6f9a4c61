import { once } from "node:events";
import { type IncomingMessage, request as requestHttp1 } from "node:http";
import type { ClientHttp2Stream } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { CisSessionService } from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { createRestHandler } from "../../src/rest/index.ts";
import { asServerResponse } from "../../src/rest/node-http.ts";
import { type RestServers, startRestServers, type Version, versions } from "./rest-servers.ts";
import { type StandIn, standInCalls } from "./stand-in-calls.ts";
import { testService } from "./test-protos.ts";

interface WatchRequest {
  readonly cursor: string;
  readonly count: number;
}

type Watch = (request: WatchRequest, context: HandlerContext) => AsyncIterable<object>;

/** What the next watch does. */
let watch: Watch = count;
const watched: { readonly request: WatchRequest; readonly context: HandlerContext }[] = [];
const internalErrors: unknown[] = [];
const shutdown = new AbortController();

async function* count({ count: end }: WatchRequest): AsyncIterable<object> {
  for (let number = 1; number <= end; number += 1) {
    yield { number, cursor: `c${number}` };
  }
}

async function* oneSession(): AsyncIterable<object> {
  yield { session: { scanJobId: "job-1" }, cursor: "c1" };
}

async function* idle(_: WatchRequest, { signal }: HandlerContext): AsyncIterable<object> {
  if (!signal.aborted) {
    await once(signal, "abort");
  }
  yield* [];
}

function createHandler(shutdownSignal: AbortSignal, keepAliveMs: number) {
  const recorded =
    (stream: () => Watch): StandIn =>
    (request, context) => {
      watched.push({ request, context });
      return stream()(request, context);
    };
  return createRestHandler({
    calls: [
      ...standInCalls(testService("RightService"), { watch: recorded(() => watch) }),
      ...standInCalls(CisSessionService, { watchCisSessions: recorded(() => oneSession) }),
    ],
    maxBodyBytes: 1024,
    shutdownSignal,
    keepAliveMs,
    onInternalError: (error) => internalErrors.push(error),
  });
}

let servers: RestServers;

beforeAll(async () => {
  servers = await startRestServers(createHandler(shutdown.signal, 50));
});

afterAll(() => servers.close());

afterEach(() => {
  watch = count;
  watched.length = 0;
  internalErrors.length = 0;
});

/** A stream that is being received. */
interface Received {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: IncomingMessage | ClientHttp2Stream;
  cut(): void;
}

async function open(version: Version, body: object, headers: Record<string, string>, to = servers): Promise<Received> {
  const all = { "content-type": "application/json", ...headers };
  if (version === "HTTP/1.1") {
    const options = { host: "127.0.0.1", port: to.http1Port, method: "POST", path: "/watch", headers: all };
    const request = requestHttp1(options).end(JSON.stringify(body));
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.on("error", () => {});
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: response,
      cut: () => request.destroy(),
    };
  }
  const stream = to.http2.request({ ":method": "POST", ":path": "/watch", ...all });
  stream.end(JSON.stringify(body));
  const [head] = await once(stream, "response");
  return { status: head[":status"], headers: head, body: stream, cut: () => stream.destroy() };
}

async function textOf({ body }: Received): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) {
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString();
}

async function ask(version: Version, body: object, headers: Record<string, string> = {}) {
  const received = await open(version, body, headers);
  const text = await textOf(received);
  return { status: received.status, type: received.headers["content-type"], headers: received.headers, text };
}

const failure = new ConnectError("no more", Code.NotFound);
const nimbleError = { type: "ResourceNotFoundException", message: "no more" };

describe.each(versions)("over %s", (version) => {
  const eventStream = { accept: "text/event-stream" };

  describe("the format", () => {
    const lines = '{"cursor":"c1","number":1}\n{"cursor":"c2","number":2}\n';
    const events = 'id: c1\ndata: {"cursor":"c1","number":1}\n\nid: c2\ndata: {"cursor":"c2","number":2}\n\n';

    test.each([
      [{}, "application/x-ndjson", lines],
      [{ accept: "*/*" }, "application/x-ndjson", lines],
      [{ accept: "application/*" }, "application/x-ndjson", lines],
      [{ accept: "application/json" }, "application/x-ndjson", lines],
      [{ accept: "application/x-ndjson" }, "application/x-ndjson", lines],
      [{ accept: "text/event-stream" }, "text/event-stream", events],
      [{ accept: "text/event-stream, */*;q=0.5" }, "text/event-stream", events],
      [{ accept: "text/event-stream;q=0.5, application/json" }, "application/x-ndjson", lines],
    ])("for %j is %s", async (headers, type, text) => {
      const answer = await ask(version, { count: 2 }, headers as Record<string, string>);
      expect(answer).toMatchObject({ status: 200, type, text });
      expect(answer.headers).toMatchObject({ "x-amzn-requestid": expect.any(String), "cache-control": "no-store" });
    });

    test("that the server does not speak is 406", async () => {
      expect(await ask(version, {}, { accept: "text/html" })).toMatchObject({
        status: 406,
        headers: { "x-amzn-errortype": "NotAcceptableException" },
      });
      expect(watched).toEqual([]);
    });
  });

  test("a stream without messages is 200 and empty", async () => {
    expect(await ask(version, {})).toMatchObject({ status: 200, type: "application/x-ndjson", text: "" });
    expect(await ask(version, {}, eventStream)).toMatchObject({ status: 200, type: "text/event-stream", text: "" });
  });

  test.each([
    ["", "data: "],
    ["a\nb", "data: "],
    ["a\0b", "data: "],
    ["a b", "id: a b\ndata: "],
  ])("the cursor %j is an id only where it can be one", async (cursor, beginning) => {
    watch = async function* () {
      yield { cursor };
    };
    expect((await ask(version, {}, eventStream)).text.startsWith(beginning)).toBe(true);
  });

  test.each([
    [{}, { "last-event-id": "c7" }, "c7"],
    [{ cursor: "c5" }, { "last-event-id": "c7" }, "c5"],
    [{ cursor: "c5" }, {}, "c5"],
    [{}, {}, ""],
  ])("%j with %j resumes from %j", async (body, headers, cursor) => {
    await ask(version, body, headers as Record<string, string>);
    expect(watched).toMatchObject([{ request: { cursor } }]);
  });

  describe("an error", () => {
    test("before the first message is an answer like any other", async () => {
      watch = async function* () {
        await sleep(10);
        yield* [];
        throw failure;
      };
      const answer = await ask(version, {}, eventStream);
      expect(answer).toMatchObject({
        status: 404,
        type: "application/json",
        headers: { "x-amzn-errortype": "ResourceNotFoundException" },
        text: '{"message":"no more"}',
      });
    });

    test("in the request is an answer like any other", async () => {
      expect(await ask(version, { count: "a" }, eventStream)).toMatchObject({ status: 400, type: "application/json" });
    });

    test.each([
      [{}, `{"number":1}\n${JSON.stringify({ error: nimbleError })}\n`],
      [eventStream, `data: {"number":1}\n\nevent: error\ndata: ${JSON.stringify({ error: nimbleError })}\n\n`],
    ])("after the first message is the last of the stream (%j)", async (headers, text) => {
      watch = async function* () {
        yield { number: 1 };
        throw failure;
      };
      const answer = await ask(version, {}, headers as Record<string, string>);
      expect(answer).toMatchObject({ status: 200, text });
    });

    test("that is no ConnectError shows nothing, but the log learns it", async () => {
      const secret = new Error("select * from secrets");
      watch = async function* () {
        yield { number: 1 };
        throw secret;
      };
      const { text } = await ask(version, {});
      expect(text).toContain('{"error":{"type":"InternalServerErrorException","message":"The gateway failed."}}\n');
      expect(internalErrors).toEqual([secret]);
    });
  });

  test("an idle stream is open within a second, and shows that it is alive where events are asked for", async () => {
    watch = idle;
    const startedAt = performance.now();
    const received = await open(version, {}, eventStream);
    expect(received.status).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    const [first] = await once(received.body, "data");
    const [second] = await once(received.body, "data");
    expect(`${first}${second}`).toBe(":\n\n:\n\n");
    received.cut();
  });

  test("headers set before the first message are those of the answer", async () => {
    watch = async function* (_, { responseHeader }) {
      responseHeader.set("x-custom", "a");
      responseHeader.set("cache-control", "private");
      yield {};
    };
    expect(await ask(version, {})).toMatchObject({ headers: { "x-custom": "a", "cache-control": "private" } });
  });

  test("messages arrive as they come", async () => {
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    watch = async function* () {
      yield { number: 1 };
      await released;
      yield { number: 2 };
    };
    const received = await open(version, {}, {});
    const [first] = await once(received.body, "data");
    expect(String(first)).toBe('{"number":1}\n');
    release();
    expect(await textOf(received)).toBe('{"number":2}\n');
  });

  test("a caller that goes away aborts the call", async () => {
    let ended: (reason: unknown) => void = () => {};
    const end = new Promise<unknown>((resolve) => {
      ended = resolve;
    });
    watch = async function* (request, context) {
      yield { number: 1 };
      yield* idle(request, context);
      ended(context.signal.reason);
    };
    const received = await open(version, {}, {});
    await once(received.body, "data");
    received.cut();
    expect(await end).toMatchObject({ code: Code.Canceled, rawMessage: "The caller went away." });
  });

  test("a caller that does not read is not written to without end", async () => {
    let produced = 0;
    watch = async function* (_, { signal }) {
      while (!signal.aborted) {
        produced += 1;
        yield { number: produced, cursor: "x".repeat(10_000) };
      }
    };
    const received = await open(version, {}, {});
    received.body.pause();
    await sleep(200);
    const before = produced;
    await sleep(200);
    expect(produced).toBe(before);
    // Some megabytes fit into the buffers of the sockets and of Node.
    expect(before).toBeLessThan(2000);
    received.cut();
  });

  describe("by GET", () => {
    const path = "/v1/cis-sessions:watch";
    const event = '{"session":{"scanJobId":"job-1","attempt":0},"cursor":"c1"}';

    test("a stream is begun by a query", async () => {
      const request = { path: `${path}?cursor=c5`, headers: { ...eventStream, "last-event-id": "c7" } };
      expect(await servers.send(version, request)).toMatchObject({ status: 200, text: `id: c1\ndata: ${event}\n\n` });
      expect(watched).toMatchObject([{ request: { cursor: "c5" } }]);
    });

    test("the head of a stream is answered without beginning it", async () => {
      expect(await servers.send(version, { method: "HEAD", path, headers: eventStream })).toMatchObject({
        status: 200,
        headers: { "content-type": "text/event-stream", "x-amzn-requestid": expect.any(String) },
        text: "",
      });
      expect(watched).toEqual([]);
    });
  });
});

test.each(versions)(
  "a caller that went away over %s before the handler is asked begins no stream for ever",
  async (version) => {
    const handler = createHandler(shutdown.signal, 10_000);
    const ended = new Promise<unknown>((resolve) => {
      watch = async function* (request, context) {
        yield* idle(request, context);
        resolve(context.signal.reason);
      };
    });
    const own = await startRestServers((request, response) => {
      response.once("close", () => handler(request, response, { body: Buffer.from("{}") }));
      asServerResponse(response).writeHead(200).flushHeaders();
    });
    try {
      const received = await open(version, {}, {}, own);
      received.cut();
      expect(await ended).toMatchObject({ rawMessage: "The caller went away." });
    } finally {
      await own.close();
    }
  },
);

describe("at a shutdown", () => {
  test.each(versions)("a stream over %s ends as unavailable", async (version) => {
    watch = idle;
    const stop = new AbortController();
    const own = await startRestServers(createHandler(stop.signal, 10_000));
    try {
      const received = await open(version, {}, {}, own);
      stop.abort();
      const error = { type: "ServiceUnavailableException", message: "The server is shutting down." };
      expect(await textOf(received)).toBe(`${JSON.stringify({ error })}\n`);
      expect(await open(version, {}, {}, own)).toMatchObject({ status: 503 });
    } finally {
      await own.close();
    }
  });
});
