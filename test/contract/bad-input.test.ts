import { randomUUID } from "node:crypto";
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Gateway } from "../../src/gateway.ts";
import {
  CisSessionService,
  GetCisSessionRequestSchema,
  SendCisSessionHealthRequestSchema,
  StartCisSessionRequestSchema,
} from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { openGateway } from "../support/gateway.ts";
import { postOverHttp2 } from "../support/http2-post.ts";

/** What every protocol answers to the same bad request, read off the wire. */
interface Refusal {
  readonly grpcStatus: string;
  readonly connect: { readonly status: number; readonly code: string };
  readonly rest: { readonly status: number; readonly type: string };
}

/** The first four rows of the error table. */
const refusals = {
  malformed: {
    grpcStatus: "3",
    connect: { status: 400, code: "invalid_argument" },
    rest: { status: 400, type: "SerializationException" },
  },
  invalid: {
    grpcStatus: "3",
    connect: { status: 400, code: "invalid_argument" },
    rest: { status: 400, type: "ValidationException" },
  },
  notFound: {
    grpcStatus: "5",
    connect: { status: 404, code: "not_found" },
    rest: { status: 400, type: "ValidationException" },
  },
  conflict: {
    grpcStatus: "9",
    connect: { status: 400, code: "failed_precondition" },
    rest: { status: 409, type: "ConflictException" },
  },
} as const satisfies Record<string, Refusal>;

interface BadRequest {
  readonly rpc: string;
  /** The path of the same operation over REST. */
  readonly rest: string;
  readonly binary: Uint8Array;
  readonly json: string;
}

const started = { scanJobId: randomUUID(), sessionToken: randomUUID() };
const start = (scanJobId: string, sessionToken: string): BadRequest => ({
  rpc: "StartCisSession",
  rest: "/cissession/start",
  binary: toBinary(
    StartCisSessionRequestSchema,
    create(StartCisSessionRequestSchema, { scanJobId, message: { sessionToken } }),
  ),
  json: JSON.stringify({ scanJobId, message: { sessionToken } }),
});
const health = (scanJobId: string, sessionToken: string): BadRequest => {
  const message = create(SendCisSessionHealthRequestSchema, { scanJobId, sessionToken });
  return {
    rpc: "SendCisSessionHealth",
    rest: "/cissession/health/send",
    binary: toBinary(SendCisSessionHealthRequestSchema, message),
    json: toJsonString(SendCisSessionHealthRequestSchema, message),
  };
};
const raw = (binary: Uint8Array, json: string): BadRequest => ({ ...health(randomUUID(), randomUUID()), binary, json });

const cases: readonly { name: string; kind: keyof typeof refusals; request: BadRequest }[] = [
  { name: "random bytes", kind: "malformed", request: raw(Buffer.from([0xff, 0xff, 0xff]), "\u0000\u0001") },
  {
    name: "a length past the end",
    kind: "malformed",
    request: raw(Buffer.from([0x0a, 0x7f, 0x61]), '{"scanJobId":"a'),
  },
  { name: "a group that does not end", kind: "malformed", request: raw(Buffer.from([0x0b]), "[") },
  { name: "the wrong type", kind: "malformed", request: raw(Buffer.from([0x0a, 0x01, 0xff]), '{"scanJobId":7}') },
  { name: "an empty message", kind: "invalid", request: raw(new Uint8Array(), "{}") },
  { name: "a UUID in capitals", kind: "invalid", request: health(randomUUID().toUpperCase(), randomUUID()) },
  { name: "a UUID and more", kind: "invalid", request: health(`${randomUUID()}\n`, randomUUID()) },
  { name: "an unknown scan job", kind: "notFound", request: health(randomUUID(), randomUUID()) },
  { name: "a session of another agent", kind: "conflict", request: start(started.scanJobId, randomUUID()) },
];

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
  const { rest, json } = start(started.scanJobId, started.sessionToken);
  const response = await fetch(gateway.url + rest, { method: "PUT", body: json, headers: jsonType });
  expect(response.status).toBe(200);
});
afterAll(() => gateway.close());

const jsonType = { "content-type": "application/json" };
const pathOf = (rpc: string) => `/${CisSessionService.typeName}/${rpc}`;

async function grpc(rpc: string, type: string, body: Uint8Array): Promise<string | undefined> {
  const answer = await postOverHttp2(gateway.url, pathOf(rpc), { "content-type": type }, [encodeEnvelope(0, body)]);
  return answer.trailers["grpc-status"]?.toString() ?? answer.headers["grpc-status"]?.toString();
}

async function grpcWeb(rpc: string, type: string, body: Uint8Array): Promise<string | undefined> {
  const headers = { "content-type": type };
  const response = await fetch(gateway.url + pathOf(rpc), {
    method: "POST",
    body: Buffer.from(encodeEnvelope(0, body)),
    headers,
  });
  return /grpc-status: (\d+)/.exec(await response.text())?.[1];
}

async function connect(rpc: string, type: string, body: Uint8Array) {
  const headers = { "content-type": type };
  const response = await fetch(gateway.url + pathOf(rpc), { method: "POST", body: Buffer.from(body), headers });
  const { code } = (await response.json()) as { code: string };
  return { status: response.status, code };
}

async function rest(path: string, body: string) {
  const response = await fetch(gateway.url + path, { method: "PUT", body, headers: jsonType });
  expect(await response.json()).toMatchObject({ message: expect.any(String) });
  expect(response.headers.get("x-amzn-requestid")).toMatch(/^[0-9a-f-]{36}$/);
  return { status: response.status, type: response.headers.get("x-amzn-errortype") };
}

describe("bad input is refused in the same way in every protocol, and the gateway goes on", () => {
  test.each(cases)("$name: $kind", async ({ kind, request }) => {
    const json = new TextEncoder().encode(request.json);
    expect({
      grpc: await grpc(request.rpc, "application/grpc", request.binary),
      grpcJson: await grpc(request.rpc, "application/grpc+json", json),
      grpcWeb: await grpcWeb(request.rpc, "application/grpc-web+proto", request.binary),
      grpcWebJson: await grpcWeb(request.rpc, "application/grpc-web+json", json),
      connect: await connect(request.rpc, "application/proto", request.binary),
      connectJson: await connect(request.rpc, "application/json", json),
      rest: await rest(request.rest, request.json),
    }).toEqual({
      grpc: refusals[kind].grpcStatus,
      grpcJson: refusals[kind].grpcStatus,
      grpcWeb: refusals[kind].grpcStatus,
      grpcWebJson: refusals[kind].grpcStatus,
      connect: refusals[kind].connect,
      connectJson: refusals[kind].connect,
      rest: refusals[kind].rest,
    });

    const sound = toBinary(GetCisSessionRequestSchema, create(GetCisSessionRequestSchema, started));
    expect(await grpc("GetCisSession", "application/grpc", sound)).toBe("0");
    expect((await fetch(`${gateway.url}/v1/cis-sessions/${started.scanJobId}`)).status).toBe(200);
  });

  test("a rule id with U+0000, which stores cannot hold, is named as the field that is wrong", async () => {
    const messages = [{ ruleId: "1" }, { ruleId: "a\u0000b" }].map((each) => ({
      ...each,
      status: "PASSED",
      cisRuleDetails: "",
    }));
    const body = JSON.stringify({ ...started, messages });
    const response = await fetch(`${gateway.url}/cissession/telemetry/send`, {
      method: "PUT",
      body,
      headers: jsonType,
    });
    expect(await response.json()).toMatchObject({
      reason: "FIELD_VALIDATION_FAILED",
      fields: [{ name: expect.stringMatching(/^messages.1.\.ruleId$/) }],
    });
  });

  test.each(["/cissession/nothing", "/", "/cissession/start/more", "//", "/v1/cis-sessions//findings"])(
    "%s is no operation",
    async (path) => {
      const response = await fetch(gateway.url + path, { method: "PUT", body: "{}", headers: jsonType });
      expect({ status: response.status, type: response.headers.get("x-amzn-errortype") }).toEqual({
        status: 404,
        type: "UnknownOperationException",
      });
    },
  );

  test("a body of more than 1 MiB is refused without being kept, a body of 1 MiB is read", async () => {
    const large = Buffer.alloc(1024 * 1024 + 1, " ");
    const send = (body: Buffer) => fetch(`${gateway.url}/cissession/start`, { method: "PUT", body, headers: jsonType });
    expect((await send(large)).headers.get("x-amzn-errortype")).toBe("RequestEntityTooLargeException");
    expect((await send(large.subarray(1))).headers.get("x-amzn-errortype")).toBe("SerializationException");
    expect(await grpc("StartCisSession", "application/grpc", large)).toBe("8");
  });
});
