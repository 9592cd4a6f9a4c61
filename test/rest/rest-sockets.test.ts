import { once } from "node:events";
import { constants } from "node:http2";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CisSessionService } from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { createRestHandler } from "../../src/rest/index.ts";
import { type RestServers, startRestServers } from "./rest-servers.ts";
import { standInCalls } from "./stand-in-calls.ts";

const started: object[] = [];
const internalErrors: unknown[] = [];
let servers: RestServers;

beforeAll(async () => {
  const startCisSession = (request: object) => {
    started.push(request);
    return {};
  };
  servers = await startRestServers(
    createRestHandler({
      calls: standInCalls(CisSessionService, { startCisSession, listCisSessions: () => ({}) }),
      maxBodyBytes: 1024,
      onInternalError: (error) => internalErrors.push(error),
    }),
  );
});

afterAll(() => servers.close());

beforeEach(() => {
  started.length = 0;
  internalErrors.length = 0;
});

async function openSocket(): Promise<Socket> {
  const socket = connect(servers.http1Port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** All that the server sends until it ends the connection. */
async function received(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(socket, "close");
  return Buffer.concat(chunks).toString("latin1");
}

/** What the server answers to bytes that are sent on one connection, one part after the other. */
async function exchange(...parts: readonly string[]): Promise<string> {
  const socket = await openSocket();
  const text = received(socket);
  for (const part of parts) {
    socket.write(part, "latin1");
    await sleep(5);
  }
  return text;
}

const body = '{"scanJobId":"job-1"}';
const put = (more: string, target = "/cissession/start") =>
  `PUT ${target} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${more}`;
const whole = put(`Content-Length: ${body.length}\r\n\r\n${body}`);
const last = "GET /v1/cis-sessions HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

function statuses(text: string): string[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status ?? "");
}

async function stillServes(): Promise<void> {
  const answer = { status: 200, text: '{"sessions":[]}' };
  expect(await servers.send("HTTP/1.1", { path: "/v1/cis-sessions" })).toMatchObject(answer);
  expect(await servers.send("HTTP/2", { path: "/v1/cis-sessions" })).toMatchObject(answer);
  expect(internalErrors).toEqual([]);
}

describe("bytes on an HTTP/1.1 connection", () => {
  test.each([
    [
      "a target in absolute form",
      [put(`Content-Length: ${body.length}\r\n\r\n${body}`, "http://a/cissession/start?x"), last],
      ["200", "200"],
    ],
    ["a target in absolute form without a path", ["GET http://a HTTP/1.1\r\nHost: a\r\n\r\n", last], ["404", "200"]],
    ["OPTIONS of the server", ["OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", last], ["404", "200"]],
    ["requests one right behind the other", [whole + whole + last], ["200", "200", "200"]],
    [
      "a body in chunks, cut anywhere",
      [put('Transfer-Encoding: chunked\r\n\r\n5\r\n{"sca\r'), '\n10\r\nnJobId":', '"job-1"}\r\n', "0\r\n\r\n", last],
      ["200", "200"],
    ],
    ["a request byte by byte", [...whole, last], ["200", "200"]],
    ["a body for no route", [put(`Content-Length: ${body.length}\r\n\r\n${body}`, "/no/route"), last], ["404", "200"]],
    ["an unknown method's body", [whole.replace("PUT", "PATCH"), last], ["404", "200"]],
    ["a path of other bytes than ASCII", ["GET /v1/cis-sessions/\xe9 HTTP/1.1\r\nHost: a\r\n\r\n", last], ["400"]],
    [
      "an Accept header in two lines",
      [`GET /v1/cis-sessions HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nAccept: application/json\r\n\r\n`, last],
      ["200", "200"],
    ],
    [
      "a client that waits for leave to send",
      [put(`Content-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`), body, last],
      ["100", "200", "200"],
    ],
    ["a length that is not one", [put("Content-Length: abc\r\n\r\n")], ["400"]],
    ["a chunk that is not one", [put("Transfer-Encoding: chunked\r\n\r\nzz\r\n")], ["400"]],
  ])("%s", async (_, parts, expected) => {
    expect(statuses(await exchange(...parts))).toEqual(expected);
    await stillServes();
  });

  test("an HTTP/1.0 client gets its answer", async () => {
    const text = await exchange("GET /v1/cis-sessions HTTP/1.0\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toMatch(/\r\n\r\n\{"sessions":\[\]\}$/);
  });

  test("a body that breaks off is not called with", async () => {
    const socket = await openSocket();
    socket.write(put(`Content-Length: 100\r\n\r\n${body}`));
    await sleep(20);
    socket.destroy();
    await sleep(20);
    expect(started).toEqual([]);
    await stillServes();
  });

  test.each([
    ["a declared length", "Content-Length: 1000000\r\n\r\n"],
    ["chunks", "Transfer-Encoding: chunked\r\n\r\nF4240\r\n"],
  ])("a client that goes on sending a body too large, by %s, gets the answer and is cut off", async (_, head) => {
    const socket = await openSocket();
    const text = received(socket);
    const startedAt = performance.now();
    socket.write(put(head));
    const sending = setInterval(() => socket.write("x".repeat(1000)), 5);
    expect(await text).toMatch(/^HTTP\/1\.1 413 .*Connection: close\r\n.*The body is longer than 1024 bytes\."\}$/s);
    clearInterval(sending);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(started).toEqual([]);
    await stillServes();
  });
});

test("a client that sends all of a body too large before it reads gets the answer", async () => {
  const length = 8_000_000;
  const socket = await openSocket();
  socket.pause();
  socket.write(put(`Content-Length: ${length}\r\n\r\n`));
  await new Promise((resolve) => socket.write("x".repeat(length), resolve));
  const text = received(socket);
  socket.resume();
  expect(await text).toMatch(/^HTTP\/1\.1 413 /);
  await stillServes();
});

describe("frames on an HTTP/2 connection", () => {
  const headers = { ":method": "PUT", ":path": "/cissession/start", "content-type": "application/json" };

  test("a body that breaks off is not called with", async () => {
    const stream = servers.http2.request(headers);
    stream.on("error", () => {});
    stream.write(body);
    await sleep(20);
    // Unlike close(), this resets the stream without ending the body first.
    stream.destroy();
    await sleep(20);
    expect(started).toEqual([]);
    await stillServes();
  });

  test("a client that goes on sending a body too large gets the answer and has its stream closed", async () => {
    const stream = servers.http2.request(headers);
    const sending = setInterval(() => stream.writable && stream.write("x".repeat(1000)), 5);
    const [head] = await once(stream, "response");
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(stream, "close");
    clearInterval(sending);
    expect(head[":status"]).toBe(413);
    expect(Buffer.concat(chunks).toString()).toBe('{"message":"The body is longer than 1024 bytes."}');
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
    await stillServes();
  });
});
