import { once } from "node:events";
import { createServer } from "node:net";
import { create, type DescMessage, type JsonValue, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, onTestFinished, test } from "vitest";
import * as errorDetails from "../../src/gen/google/rpc/error_details_pb.ts";
import { CisSessionService } from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { StreamingSessionService } from "../../src/gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import { createRestTransport, restErrorToConnect } from "../../src/rest/index.ts";
import { call, failureOf, readStream, restClientOf, serverForTest } from "./rest-transport-fixture.ts";

const { BadRequestSchema, ErrorInfoSchema, QuotaFailureSchema, ResourceInfoSchema, RetryInfoSchema } = errorDetails;

function detail<Desc extends DescMessage>(desc: Desc, init: MessageInitShape<Desc>) {
  return { desc, value: create(desc, init) };
}

const violation = (field: string, reason: string) =>
  detail(BadRequestSchema, { fieldViolations: [{ field, description: "too long", reason }] });
const resource = detail(ResourceInfoSchema, { resourceType: "CIS_SESSION", resourceName: "job-1" });
const retry = (ms: number) => detail(RetryInfoSchema, { retryDelay: durationFromMs(ms) });

const BadRequest = (field: string, reason: string) => ({
  fieldViolations: [{ field, description: "too long", ...(reason !== "" && { reason }) }],
});
const ResourceInfo = { resourceType: "CIS_SESSION", resourceName: "job-1", description: "why" };
const session = { resourceName: "job-1", description: "why" };
const RetryInfo = (retryDelay: string) => ({ retryDelay });

type Details = Readonly<Record<string, JsonValue>>;

/** What the server throws, and what the caller gets of it over each dialect. One answer stands for both. */
interface Row {
  readonly code: Code;
  readonly details: readonly ReturnType<typeof detail>[];
  readonly inspector: readonly [Code, Details];
  readonly nimble?: readonly [Code, Details];
}

const rows: readonly Row[] = [
  { code: Code.InvalidArgument, details: [], inspector: [Code.InvalidArgument, {}] },
  {
    code: Code.InvalidArgument,
    details: [violation("messages[0].rule_id", "string.max_len")],
    inspector: [Code.InvalidArgument, { BadRequest: BadRequest("messages[0].rule_id", "FIELD_VALIDATION_FAILED") }],
    nimble: [Code.InvalidArgument, { BadRequest: {} }],
  },
  {
    code: Code.InvalidArgument,
    details: [violation("scan_job_id", "")],
    inspector: [Code.InvalidArgument, { BadRequest: BadRequest("scan_job_id", "") }],
    nimble: [Code.InvalidArgument, { BadRequest: {} }],
  },
  {
    code: Code.NotFound,
    details: [resource, violation("scan_job_id", "")],
    inspector: [Code.InvalidArgument, { BadRequest: BadRequest("scan_job_id", "") }],
    nimble: [Code.NotFound, { ResourceInfo: session }],
  },
  {
    code: Code.FailedPrecondition,
    details: [resource],
    inspector: [Code.FailedPrecondition, { ResourceInfo }],
    nimble: [Code.FailedPrecondition, { ResourceInfo: session }],
  },
  {
    code: Code.Aborted,
    details: [resource],
    inspector: [Code.FailedPrecondition, { ResourceInfo }],
    nimble: [Code.FailedPrecondition, { ResourceInfo: session }],
  },
  {
    code: Code.Unauthenticated,
    details: [detail(ErrorInfoSchema, { reason: "EXPIRED_TOKEN" })],
    inspector: [Code.Unauthenticated, { ErrorInfo: { reason: "ExpiredTokenException" } }],
  },
  {
    code: Code.Unauthenticated,
    details: [],
    inspector: [Code.Unauthenticated, { ErrorInfo: { reason: "UnrecognizedClientException" } }],
  },
  { code: Code.PermissionDenied, details: [], inspector: [Code.PermissionDenied, {}] },
  {
    code: Code.ResourceExhausted,
    details: [retry(1500)],
    inspector: [Code.ResourceExhausted, { RetryInfo: RetryInfo("2s") }],
  },
  {
    code: Code.ResourceExhausted,
    details: [detail(QuotaFailureSchema, { violations: [{ subject: "studio", description: "full" }] })],
    inspector: [Code.ResourceExhausted, { QuotaFailure: { violations: [{ description: "why" }] } }],
  },
  { code: Code.Unavailable, details: [retry(0)], inspector: [Code.Unavailable, { RetryInfo: RetryInfo("0s") }] },
  {
    code: Code.Internal,
    details: [],
    inspector: [Code.Internal, { RetryInfo: RetryInfo("1s") }],
    nimble: [Code.Internal, {}],
  },
  { code: Code.Unimplemented, details: [], inspector: [Code.Unimplemented, {}] },
];

const schemas = Object.values(errorDetails).filter(
  (exported): exported is typeof BadRequestSchema => "kind" in exported && exported.kind === "message",
);

function detailsOf(error: ConnectError): Details {
  const found = schemas.flatMap((schema) =>
    error.findDetails(schema).map((value) => [schema.name, toJson(schema, value)] as const),
  );
  return Object.fromEntries(found);
}

describe.each([
  ["Inspector", CisSessionService, "sendCisSessionTelemetry", "inspector"],
  ["Nimble", StreamingSessionService, "stopStreamingSession", "nimble"],
] as const)("in the dialect of %s", (_, service, name, dialect) => {
  test.each(rows)("code $code with $details.length details, case %#", async (row) => {
    const client = await restClientOf(service, () => {
      throw new ConnectError("why", row.code, undefined, [...row.details]);
    });
    const error = await failureOf(call(client, service, name, { studioId: "s", sessionId: "i" }));
    const [code, details] = row[dialect] ?? row.inspector;
    expect({ message: error.rawMessage, code: error.code, details: detailsOf(error) }).toEqual({
      message: "why",
      code,
      details,
    });
    expect(error.metadata.get("x-amzn-requestid")).toMatch(/./);
  });
});

test("an error on the way of a stream has its details", async () => {
  const client = await restClientOf(CisSessionService, async function* () {
    yield { cursor: "1" };
    throw new ConnectError("why", Code.InvalidArgument, undefined, [violation("scan_job_id", "string.pattern")]);
  } as never);
  const { messages, error } = await readStream(client, CisSessionService, "watchCisSessions");
  expect(messages).toMatchObject([{ cursor: "1" }]);
  expect(error).toMatchObject({ code: Code.InvalidArgument, rawMessage: "why" });
  expect(error && detailsOf(error)).toEqual({ BadRequest: BadRequest("scan_job_id", "FIELD_VALIDATION_FAILED") });
});

describe("the answers of other servers", () => {
  const { input } = CisSessionService.method.startCisSession;
  test.each([
    [502, {}, undefined, Code.Unavailable, "The server answered with HTTP status 502."],
    [418, {}, undefined, Code.Unknown, "The server answered with HTTP status 418."],
    [301, { location: "/elsewhere" }, undefined, Code.Unknown, "The server answered with HTTP status 301."],
    [
      400,
      { "x-amzn-errortype": "ConflictException:http://internal/" },
      {},
      Code.FailedPrecondition,
      "The server answered with ConflictException.",
    ],
    [400, {}, { __type: "com.amazon#AccessDeniedException", Message: "no" }, Code.PermissionDenied, "no"],
    [400, {}, { code: "ThrottlingException", message: "slow" }, Code.ResourceExhausted, "slow"],
    [
      429,
      { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" },
      [],
      Code.ResourceExhausted,
      "The server answered with HTTP status 429.",
    ],
    [500, {}, { message: { not: "a text" }, __type: 5 }, Code.Internal, "The server answered with HTTP status 500."],
    [
      400,
      { "x-amzn-errortype": "ValidationException" },
      { fields: [null, 1, { name: 2 }] },
      Code.InvalidArgument,
      "The server answered with ValidationException.",
    ],
  ])("%d %j %j", (status, headers, body, code, message) => {
    const error = restErrorToConnect({ status, headers: new Headers(headers as Record<string, string>), body }, input);
    expect({ code: error.code, message: error.rawMessage }).toEqual({ code, message });
  });

  test("a page of HTML is not shown", async () => {
    const baseUrl = await serverForTest((_, response) => response.writeHead(503).end("<html>secret</html>"));
    const client = { transport: createRestTransport({ baseUrl }) };
    const error = await failureOf(call(client, CisSessionService, "listCisSessions"));
    expect(error).toMatchObject({ code: Code.Unavailable, rawMessage: "The server answered with HTTP status 503." });
  });

  test.each([
    ["no JSON", "<html>", Code.Internal],
    ["JSON of another shape", '{"sessions":{}}', Code.Internal],
    ["more than is read", `{"nextPageToken":"${"x".repeat(3000)}"}`, Code.ResourceExhausted],
  ])("success with %s", async (_, body, code) => {
    const baseUrl = await serverForTest((_request, response) => response.end(body));
    const client = { transport: createRestTransport({ baseUrl, maxResponseBytes: 2000 }) };
    expect((await failureOf(call(client, CisSessionService, "listCisSessions"))).code).toBe(code);
  });
});

describe("without an answer", () => {
  test("nobody listens", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, "close");
    const client = { transport: createRestTransport({ baseUrl: `http://127.0.0.1:${port}` }) };
    const error = await failureOf(call(client, CisSessionService, "listCisSessions"));
    expect(error).toMatchObject({ code: Code.Unavailable, rawMessage: expect.stringContaining("ECONNREFUSED") });
    expect(error.cause).toBeInstanceOf(Error);
  });

  test.each(["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"])("the connection breaks after %j", async (text) => {
    const server = createServer((socket) => socket.once("data", () => socket.end(text))).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      server.close();
    });
    const { port } = server.address() as { port: number };
    const client = { transport: createRestTransport({ baseUrl: `http://127.0.0.1:${port}` }) };
    expect((await failureOf(call(client, CisSessionService, "listCisSessions"))).code).toBe(Code.Unavailable);
  });

  test.each([
    ["of the call", {}, { timeoutMs: 50 }],
    ["of the transport", { defaultTimeoutMs: 50 }, {}],
  ])("the deadline %s passes, also within the body", async (_, options, limits) => {
    for (const begin of [false, true]) {
      const baseUrl = await serverForTest((_request, response) => begin && response.write("{"));
      const client = { transport: createRestTransport({ baseUrl, ...options }) };
      const error = await failureOf(call(client, CisSessionService, "listCisSessions", {}, limits));
      expect(error.code).toBe(Code.DeadlineExceeded);
    }
  });

  test("the caller aborts, which the server sees", async () => {
    const gone = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const baseUrl = await serverForTest((_, response) => {
      response.on("close", () => gone.resolve());
      arrived.resolve();
    });
    const abort = new AbortController();
    const client = { transport: createRestTransport({ baseUrl }) };
    const calling = call(client, CisSessionService, "listCisSessions", {}, { signal: abort.signal });
    await arrived.promise;
    abort.abort();
    expect((await failureOf(calling)).code).toBe(Code.Canceled);
    await gone.promise;
  });
});
