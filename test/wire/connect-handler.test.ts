import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { compressionGzip, createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  CisSessionService,
  SendCisSessionHealthRequestSchema,
} from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { serve } from "../../src/interceptors/call.ts";
import { createCalls } from "../../src/interceptors/create-calls.ts";
import { createInterceptors } from "../../src/interceptors/interceptors.ts";
import { listenOnOnePort, type Port } from "../../src/server/one-port.ts";
import { createConnectHandler } from "../../src/wire/connect-handler.ts";
import { newAgent } from "../support/cis-fixtures.ts";
import { clientPreface, flags, frame, frameTypes, hpack } from "../support/http2-frames.ts";
import { postOverHttp2 } from "../support/http2-post.ts";

const maxMessageBytes = 64 * 1024;
const path = "/sessiongateway.cis.v1.CisSessionService/SendCisSessionHealth";
const agent = newAgent();
const request = create(SendCisSessionHealthRequestSchema, agent);
const binary = toBinary(SendCisSessionHealthRequestSchema, request);
const json = new TextEncoder().encode(toJsonString(SendCisSessionHealthRequestSchema, request));

let port: Port;
let finished = 0;
let healthCount = 0;
const lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  const unused = () => {
    throw new Error("secret-of-the-gateway");
  };
  const slow = async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    finished += 1;
    return {};
  };
  const service = serve(CisSessionService, {
    startCisSession: unused,
    sendCisSessionHealth: () => {
      healthCount += 1;
      return {};
    },
    sendCisSessionTelemetry: slow,
    stopCisSession: slow,
    createCisScanJob: unused,
    getCisSession: unused,
    listCisSessions: unused,
    listCisFindings: unused,
    async *watchCisSessions(_, { signal }) {
      for (let index = 0; !signal.aborted; index += 1) {
        yield { cursor: String(index) };
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      finished += 1;
    },
  });
  const log = pino({ level: "debug" }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const handler = createConnectHandler({
    calls: createCalls(service, createInterceptors(log, new AbortController().signal)),
    maxMessageBytes,
    shutdownSignal: new AbortController().signal,
    log,
    fallback: (_, response) => {
      response.statusCode = 418;
      response.end();
    },
  });
  port = await listenOnOnePort(handler, { host: "127.0.0.1", port: 0 });
});
afterAll(() => port.close(0));

async function postConnect(body: Uint8Array, headers: Record<string, string>) {
  const response = await fetch(port.url + path, { method: "POST", body: Buffer.from(body), headers });
  const text = await response.text();
  return { status: response.status, body: text, code: text.startsWith("{") ? JSON.parse(text).code : undefined };
}

describe("requests that do not decode are the caller's fault, in every protocol", () => {
  const notProtobuf = Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]);
  const notJson = Buffer.from("{[");

  test.each([
    { name: "gRPC, not protobuf", type: "application/grpc", body: encodeEnvelope(0, notProtobuf), status: 3 },
    { name: "gRPC, not JSON", type: "application/grpc+json", body: encodeEnvelope(0, notJson), status: 3 },
    {
      name: "gRPC, truncated message",
      type: "application/grpc",
      body: encodeEnvelope(0, binary).subarray(0, 20),
      status: 3,
    },
    { name: "gRPC, truncated envelope", type: "application/grpc", body: Buffer.from([0, 0, 0]), status: 3 },
    {
      name: "gRPC, not gzip",
      type: "application/grpc",
      encoding: "gzip",
      body: encodeEnvelope(1, notProtobuf),
      status: 3,
    },
    { name: "gRPC, no message", type: "application/grpc", body: new Uint8Array(), status: 12 },
    {
      name: "gRPC, two messages",
      type: "application/grpc",
      body: Buffer.concat([encodeEnvelope(0, binary), encodeEnvelope(0, binary)]),
      status: 12,
    },
    {
      name: "gRPC, too large",
      type: "application/grpc",
      body: encodeEnvelope(0, Buffer.alloc(maxMessageBytes + 1)),
      status: 8,
    },
    {
      name: "gRPC, too large a length",
      type: "application/grpc",
      body: Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1]),
      status: 8,
    },
    {
      name: "gRPC, too large once decompressed",
      type: "application/grpc",
      encoding: "gzip",
      body: encodeEnvelope(1, gzipSync(Buffer.alloc(10 * maxMessageBytes))),
      status: 8,
    },
    {
      name: "gRPC, a compression that is not known",
      type: "application/grpc",
      encoding: "zstd",
      body: encodeEnvelope(1, binary),
      status: 12,
    },
    { name: "gRPC", type: "application/grpc", body: encodeEnvelope(0, binary), status: 0 },
    {
      name: "gRPC, gzip",
      type: "application/grpc",
      encoding: "gzip",
      body: encodeEnvelope(1, gzipSync(binary)),
      status: 0,
    },
  ])("$name: grpc-status $status", async ({ type, body, status, encoding }) => {
    const headers = { "content-type": type, te: "trailers", ...(encoding ? { "grpc-encoding": encoding } : {}) };
    const answer = await postOverHttp2(port.url, path, headers, [body]);
    expect({ http: answer.headers[":status"], grpc: answer.trailers["grpc-status"] }).toEqual({
      http: 200,
      grpc: String(status),
    });
  });

  test.each([
    { name: "not protobuf", type: "application/grpc-web+proto", body: encodeEnvelope(0, notProtobuf), status: 3 },
    { name: "not JSON", type: "application/grpc-web+json", body: encodeEnvelope(0, notJson), status: 3 },
    {
      name: "truncated",
      type: "application/grpc-web+proto",
      body: encodeEnvelope(0, binary).subarray(0, 9),
      status: 3,
    },
    { name: "sound", type: "application/grpc-web+proto", body: encodeEnvelope(0, binary), status: 0 },
  ])("gRPC-Web, $name: grpc-status $status", async ({ type, body, status }) => {
    expect((await postConnect(body, { "content-type": type })).body).toContain(`grpc-status: ${status}`);
  });

  test.each([
    { name: "not protobuf", type: "application/proto", body: notProtobuf, status: 400, code: "invalid_argument" },
    { name: "not JSON", type: "application/json", body: notJson, status: 400, code: "invalid_argument" },
    {
      name: "JSON of another shape",
      type: "application/json",
      body: Buffer.from('{"scanJobId":7}'),
      status: 400,
      code: "invalid_argument",
    },
    {
      name: "not gzip",
      type: "application/proto",
      encoding: "gzip",
      body: notProtobuf,
      status: 400,
      code: "invalid_argument",
    },
    {
      name: "too large",
      type: "application/proto",
      body: Buffer.alloc(maxMessageBytes + 100),
      status: 429,
      code: "resource_exhausted",
    },
    {
      name: "an empty message",
      type: "application/proto",
      body: Buffer.alloc(0),
      status: 400,
      code: "invalid_argument",
    },
    { name: "sound JSON", type: "application/json", body: json, status: 200, code: undefined },
    {
      name: "sound gzip",
      type: "application/proto",
      encoding: "gzip",
      body: gzipSync(binary),
      status: 200,
      code: undefined,
    },
    { name: "a media type that is not known", type: "text/plain", body: json, status: 415, code: undefined },
  ])("Connect, $name: $status $code", async ({ type, body, encoding, status, code }) => {
    const headers = { "content-type": type, ...(encoding ? { "content-encoding": encoding } : {}) };
    expect(await postConnect(body, headers)).toMatchObject({ status, ...(code ? { code } : {}) });
  });

  test.each([
    `{"scanJobId":"x","sessionToken":${agent.sessionToken}}`,
    `{"scanJobId":"x","sessionToken":["${agent.sessionToken}"]}`,
    agent.sessionToken,
  ])("of %s nothing is shown, to the caller or in the log", async (body) => {
    lines.length = 0;
    const shown = [
      await postConnect(Buffer.from(body), { "content-type": "application/json" }),
      await postConnect(encodeEnvelope(0, Buffer.from(body)), { "content-type": "application/grpc-web+json" }),
      lines,
    ];
    expect(lines).toHaveLength(2);
    expect(JSON.stringify(shown)).not.toContain(agent.sessionToken.slice(0, 8));
  });

  test("they are logged like every other call, with an id", async () => {
    lines.length = 0;
    await postConnect(notProtobuf, { "content-type": "application/proto" });
    await postOverHttp2(port.url, path, { "content-type": "application/grpc" }, [encodeEnvelope(0, notProtobuf)]);
    expect(lines.filter(({ msg }) => msg === "call")).toEqual([
      expect.objectContaining({ code: "invalid_argument", rpc: path.slice(1), requestId: expect.any(String) }),
      expect.objectContaining({ code: "invalid_argument", rpc: path.slice(1), requestId: expect.any(String) }),
    ]);
  });

  test("a GET whose message does not decode", async () => {
    const get = `${port.url}/sessiongateway.cis.v1.CisSessionService/GetCisSession?connect=v1&encoding=proto&base64=1&message=_____w`;
    const response = await fetch(get);
    const answer = (await response.json()) as { code: string };
    expect([response.status, answer.code]).toEqual([400, "invalid_argument"]);
  });
});

describe("the body of a request", () => {
  test("sent a byte at a time takes linear time", async () => {
    await timeOfBytes(10_000);
    const short = Math.min(await timeOfBytes(10_000), await timeOfBytes(10_000));
    // Six times the bytes; the decoder of connect-es alone takes about thirty-six times as long.
    expect(await timeOfBytes(60_000)).toBeLessThan(15 * short);
  });
});

/** The beginning of an HTTP/2 connection with one POST on stream 1. */
function postHead(contentType: string): Buffer {
  const head = { ":method": "POST", ":scheme": "http", ":path": path, ":authority": "a", "content-type": contentType };
  return Buffer.concat([
    clientPreface,
    frame(frameTypes.settings, 0, 0, Buffer.alloc(0)),
    frame(frameTypes.headers, flags.endHeaders, 1, hpack(head)),
  ]);
}

/** How long the answer to a call takes whose body of about `size` bytes comes in DATA frames of one byte. */
async function timeOfBytes(size: number): Promise<number> {
  // Field 100 is not known, and is skipped.
  const filler = Buffer.concat([Buffer.from([0xa2, 0x06]), varint(size), Buffer.alloc(size)]);
  const body = encodeEnvelope(0, Buffer.concat([binary, filler]));
  const socket = connect(Number(new URL(port.url).port), "127.0.0.1");
  const startedAt = performance.now();
  socket.write(
    Buffer.concat([
      postHead("application/grpc"),
      ...Array.from(body, (byte) => frame(frameTypes.data, 0, 1, Buffer.from([byte]))),
      frame(frameTypes.data, flags.endStream, 1, Buffer.alloc(0)),
    ]),
  );
  // The answer ends with its trailers: HEADERS with END_STREAM and END_HEADERS, on stream 1.
  const trailers = frame(frameTypes.headers, flags.endStream | flags.endHeaders, 1, Buffer.alloc(0)).subarray(3);
  for await (const chunk of socket) {
    if ((chunk as Buffer).includes(trailers)) {
      break;
    }
  }
  return performance.now() - startedAt;
}

describe("a caller that resets its request in the middle of the body", () => {
  test.each(["application/json", "application/grpc"])("has made no call (%s)", async (contentType) => {
    const before = healthCount;
    const socket = connect(Number(new URL(port.url).port), "127.0.0.1");
    const body = contentType === "application/json" ? json : encodeEnvelope(0, binary);
    socket.write(Buffer.concat([postHead(contentType), frame(frameTypes.data, 0, 1, body)]));
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.write(frame(frameTypes.reset, 0, 1, Buffer.from([0, 0, 0, 8])));
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.destroy();
    expect(healthCount).toBe(before);
    await postConnect(json, { "content-type": "application/json" });
    expect(healthCount).toBe(before + 1);
  });
});

describe("calls", () => {
  test("whose deadline passes are answered then", async () => {
    const transport = createGrpcTransport({ baseUrl: port.url });
    const call = transport.unary(CisSessionService.method.stopCisSession, undefined, 100, undefined, {
      ...agent,
      message: { status: 1, progress: {} },
    });
    await expect(call).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  });

  test("that fail for a reason of the gateway's own show none of it", async () => {
    const transport = createConnectTransport({ baseUrl: port.url, httpVersion: "1.1" });
    lines.length = 0;
    const error = await transport
      .unary(CisSessionService.method.createCisScanJob, undefined, undefined, undefined, {})
      .catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.Internal, rawMessage: "The gateway failed." });
    expect(lines.find(({ level }) => level === 50)).toMatchObject({ err: { message: "secret-of-the-gateway" } });
  });

  test("to paths that are no RPC go to the fallback", async () => {
    expect((await fetch(`${port.url}/elsewhere`)).status).toBe(418);
    expect((await fetch(`${port.url}/`)).status).toBe(418);
  });

  test("a stream ends when its caller goes away", async () => {
    const before = finished;
    const transport = createGrpcTransport({ baseUrl: port.url });
    const stop = new AbortController();
    const { message } = await transport.stream(
      CisSessionService.method.watchCisSessions,
      stop.signal,
      undefined,
      undefined,
      (async function* () {
        yield {};
      })(),
    );
    for await (const event of message) {
      if (event.cursor === "3") {
        break;
      }
    }
    stop.abort();
    await expect.poll(() => finished).toBe(before + 1);
  });

  test("answers are compressed for those who ask", async () => {
    const transport = createConnectTransport({
      baseUrl: port.url,
      httpVersion: "1.1",
      acceptCompression: [compressionGzip],
      sendCompression: compressionGzip,
      compressMinBytes: 0,
    });
    await expect(
      transport.unary(CisSessionService.method.sendCisSessionHealth, undefined, undefined, undefined, agent),
    ).resolves.toBeTruthy();
  });
});

function varint(value: number): Buffer {
  return value < 128 ? Buffer.from([value]) : Buffer.concat([Buffer.from([(value & 127) | 128]), varint(value >>> 7)]);
}
