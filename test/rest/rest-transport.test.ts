import { create, equals, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CisSessionService } from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { createRestTransport } from "../../src/rest/index.ts";
import { arbitraryMessage } from "./arbitrary-message.ts";
import { call, failureOf, readStream, restClientOf, serverForTest } from "./rest-transport-fixture.ts";
import { testMessage, testService } from "./test-protos.ts";

const service = testService("RightService");
const itemRequest = testMessage("ItemRequest");

/** A server that hands every request back through `received`. */
async function echo(options = {}) {
  const received: object[] = [];
  const client = await restClientOf(
    service,
    (request) => {
      received.push(request);
      return {};
    },
    options,
  );
  return { ...client, received };
}

describe("what is sent arrives", () => {
  test.each([
    ["query", { color: 1 }, "GET /query/RED"],
    [
      "query",
      { color: 2, name: "a b/ü&=+%", names: ["x", "", "y,z"] },
      "GET /query/DARK_BLUE?name=a%20b%2F%C3%BC%26%3D%2B%25&names=x&names=&names=y%2Cz",
    ],
    [
      "query",
      { color: 1, flag: true, ratio: 1.5, blob: new Uint8Array([255, 254]), long: 9007199254740993n },
      /flag=true&ratio=1.5&blob=%2F%2F4%3D&long=9007199254740993/,
    ],
    ["query", { color: 1, numbers: [0, -1], colors: [1, 2] }, /colors=RED&colors=DARK_BLUE&numbers=0&numbers=-1/],
    ["query", { color: 1, count: 0, time: { seconds: 1n, nanos: 0 } }, /time=1970-01-01T00%3A00%3A01Z&count=0/],
    ["query", { color: 1, item: { id: "a", title: "b" } }, /item\.id=a&item\.title=b/],
    ["query", { color: 1, token: "t o k", level: -3 }, "GET /query/RED"],
    ["query", { color: 1, choice: { case: "neither", value: "n" } }, /neither=n/],
    ["nested", { item: { id: "..", title: "dots stay" } }, "POST /items/.."],
    ["nested", { item: { id: "a/b", extra: { deep: [1, { x: null }] } } }, "POST /items/a%2Fb"],
    [
      "whole",
      { name: "folders/f 1/items/a/b%2Fc", labels: { "": "empty", k: "v" }, items: [{ id: "1" }, {}] },
      "PUT /whole/folders/f%201/items/a/b%2Fc",
    ],
    [
      "whole",
      { name: "folders/f/items/x", choice: { case: "left", value: { id: "l" } }, color: 2, level: 0, flag: false },
      "PUT /whole/folders/f/items/x",
    ],
    ["typed", { time: { seconds: 0n, nanos: 5_000_000 }, count: 7 }, "GET /typed/1970-01-01T00%3A00%3A00.005Z/7"],
    ["scalar", { names: ["a", "b"], color: 1 }, "POST /scalar?color=RED"],
    ["shaded", { color: 2, name: "n" }, "POST /color?name=n"],
  ] as const)("%s, case %#", async (name, init, target) => {
    const client = await echo();
    await call(client, service, name, init);
    const sent = create(itemRequest, init as Record<string, unknown>);
    expect(client.received.map((each) => toJson(itemRequest, each as typeof sent))).toEqual([
      toJson(itemRequest, sent),
    ]);
    expect(client.targets).toEqual([typeof target === "string" ? target : expect.stringMatching(target)]);
  });

  test("whatever the request of an RPC of the API is", async () => {
    const received: object[] = [];
    const client = await restClientOf(CisSessionService, (request) => {
      received.push(request);
      return {};
    });
    const unary = CisSessionService.methods.filter(({ methodKind }) => methodKind === "unary");
    const requests = fc.constantFrom(...unary).chain((method) =>
      arbitraryMessage(method.input).map((request) => {
        // A path has no place for an empty segment.
        const properties = request as unknown as { scanJobId: string };
        properties.scanJobId ||= "a";
        return { method, request };
      }),
    );
    await fc.assert(
      fc.asyncProperty(requests, async ({ method, request }) => {
        received.length = 0;
        await call(client, CisSessionService, method.localName, request);
        const [arrived] = received as (typeof request)[];
        expect(arrived !== undefined && equals(method.input, arrived, request)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test("nothing is said that the request does not say", async () => {
    const bodies: string[] = [];
    const baseUrl = await serverForTest((request, response) => {
      request.on("data", (chunk) => bodies.push(String(chunk)));
      request.on("end", () => response.end());
    });
    const transport = createRestTransport({ baseUrl });
    await call({ transport }, CisSessionService, "stopCisSession", {
      message: { status: 1, progress: { totalChecks: 5 } },
    });
    await call({ transport }, service, "whole", { name: "folders/f/items/x", items: [{ id: "1" }, {}] });
    expect(bodies).toEqual([
      '{"message":{"status":"SUCCESS","progress":{"totalChecks":5}}}',
      '{"items":[{"id":"1"},{}]}',
    ]);
  });
});

describe("what is answered arrives", () => {
  test.each([
    ["query", { items: [{ id: "1", extra: { a: [true, null] } }], text: "t", item: {} }],
    ["whole", { items: [{ id: "1" }, { id: "2" }] }],
    ["whole", { items: [] }],
    ["scalar", { text: "only the text" }],
    ["scalar", {}],
    ["shaded", { item: { id: "i" } }],
  ])("%s %j", async (name, reply) => {
    const client = await restClientOf(service, () => reply);
    const answer = await call(client, service, name, { name: "folders/f/items/x", color: 1 });
    expect(answer).toEqual(create(testMessage("ItemResponse"), reply as Record<string, unknown>));
  });

  test("a struct as a whole message", async () => {
    const client = await restClientOf(service, (request) => request);
    const method = service.method["structured"];
    const request = { fields: { a: { kind: { case: "numberValue", value: 1 } } } };
    expect(await call(client, service, "structured", request)).toEqual(
      create(method?.output ?? itemRequest, request as Record<string, unknown>),
    );
  });

  test("success without a body is the empty message, and unknown members and enum values are left out", async () => {
    const answers = ["", '{"session":{"state":"A_NEW_STATE","new":1,"scanJobId":"a"}}'];
    const baseUrl = await serverForTest((_, response) => response.end(answers.shift()));
    const client = { transport: createRestTransport({ baseUrl }) };
    const first = await call(client, CisSessionService, "getCisSession", { scanJobId: "a" });
    const second = await call(client, CisSessionService, "getCisSession", { scanJobId: "a" });
    const { output } = CisSessionService.method.getCisSession;
    expect([first, second]).toEqual([create(output), create(output, { session: { scanJobId: "a" } })]);
  });
});

describe("what cannot be sent is refused before it is", () => {
  test.each([
    ["whole", { name: "elsewhere/x" }, Code.InvalidArgument, "does not fit the path"],
    ["nested", {}, Code.InvalidArgument, "does not fit the path"],
    ["query", { color: 1, labels: { a: "b" } }, Code.InvalidArgument, "'labels' cannot be carried"],
    ["query", { color: 1, items: [{}] }, Code.InvalidArgument, "'items' cannot be carried"],
    ["query", { color: 1, token: "two\nlines" }, Code.InvalidArgument, "x-test-token"],
    ["query", { color: 1, token: "snow ☃" }, Code.InvalidArgument, "x-test-token"],
    ["unrouted", {}, Code.Unimplemented, "cannot be called over REST"],
  ])("%s %j", async (name, request, code, message) => {
    const client = await echo();
    const error = await failureOf(call(client, service, name, request));
    expect({ code: error.code, message: error.rawMessage }).toEqual({
      code,
      message: expect.stringContaining(message),
    });
    expect(client.targets).toEqual([]);
  });

  test("a base URL that is none of HTTP", () => {
    expect(() => createRestTransport({ baseUrl: "ftp://127.0.0.1" })).toThrow(TypeError);
  });
});

test("a path in the base URL goes before every path", async () => {
  const targets: (string | undefined)[] = [];
  const baseUrl = await serverForTest((request, response) => {
    targets.push(request.url);
    response.end("{}");
  });
  for (const prefix of ["", "/", "/api", "/api/"]) {
    const transport = createRestTransport({ baseUrl: baseUrl + prefix });
    await call({ transport }, CisSessionService, "getCisSession", { scanJobId: "a" });
  }
  const path = "/v1/cis-sessions/a";
  expect(targets).toEqual([path, path, `/api${path}`, `/api${path}`]);
});

test("interceptors and the HTTP client given are asked", async () => {
  const seen: string[] = [];
  const client = await echo({
    interceptors: [
      (next: (request: { header: Headers; url: string }) => unknown) => (request: { header: Headers; url: string }) => {
        seen.push(new URL(request.url).pathname);
        request.header.set("x-test-level", "4");
        return next(request);
      },
    ],
  });
  await call(client, service, "query", { color: 1 });
  expect(seen).toEqual(["/query/%7Bcolor%7D"]);
  expect(client.received).toEqual([expect.objectContaining({ level: 4 })]);
  const wrapped = createRestTransport({
    baseUrl: "http://127.0.0.1:1",
    httpClient: async ({ target }) => ({
      status: 200,
      headers: new Headers(),
      body: (async function* () {
        yield Buffer.from(JSON.stringify({ session: { scanJobId: target } }));
      })(),
    }),
  });
  expect(await call({ transport: wrapped }, CisSessionService, "getCisSession", { scanJobId: "a" })).toMatchObject({
    session: { scanJobId: "/v1/cis-sessions/a" },
  });
});

describe("streams", () => {
  test("messages arrive one by one, until the server ends the stream", async () => {
    const client = await restClientOf(service, async function* ({ count }: { count: number }) {
      for (let number = 1; number <= count; number += 1) {
        yield { cursor: `ü${number}`, number };
      }
    } as never);
    const { messages, error } = await readStream(client, service, "watch", { count: 500 });
    expect(error).toBeUndefined();
    expect(messages).toHaveLength(500);
    expect(messages.at(-1)).toMatchObject({ cursor: "ü500", number: 500 });
  });

  test.each([0, 1])("an error after %d messages", async (count) => {
    const client = await restClientOf(service, async function* () {
      yield* Array.from({ length: count }, () => ({ number: 1 }));
      throw new ConnectError("later", Code.Unavailable);
    } as never);
    const { messages, error } = await readStream(client, service, "watch");
    expect(messages).toHaveLength(count);
    expect(error).toMatchObject({ code: Code.Unavailable, rawMessage: "later" });
  });

  test("a stream that is left ends at the server", async () => {
    const ended = Promise.withResolvers<void>();
    const client = await restClientOf(service, async function* (_: unknown, { signal }: { signal: AbortSignal }) {
      signal.addEventListener("abort", () => ended.resolve());
      yield { number: 1 };
      await ended.promise;
    } as never);
    const leaving = new AbortController();
    const { messages, error } = await readStream(client, service, "watch", {}, () => leaving.abort(), leaving.signal);
    expect(messages).toHaveLength(1);
    expect(error?.code).toBe(Code.Canceled);
    await ended.promise;
  });

  test.each([
    ["one that breaks off in a message", '{"number":1}\n{"num', Code.Unavailable],
    ["one with a line that is no message", '{"number":1}\n[]\n', Code.Internal],
    ["one with a line that is not JSON", '{"number":1}\n<html>\n', Code.Internal],
    ["one with a line that never ends", `{"number":1}\n${" ".repeat(3000)}`, Code.ResourceExhausted],
  ])("%s", async (_, text, code) => {
    const baseUrl = await serverForTest((_request, response) => response.end(text));
    const client = { transport: createRestTransport({ baseUrl, maxResponseBytes: 2000 }) };
    const { messages, error } = await readStream(client, service, "watch");
    expect(messages).toMatchObject([{ number: 1 }]);
    expect(error?.code).toBe(code);
  });
});
