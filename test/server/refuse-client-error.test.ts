import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { asServerResponse } from "../../src/rest/node-http.ts";
import { portLimits } from "../../src/server/limits.ts";
import { listenOnOnePort } from "../../src/server/one-port.ts";
import type { NodeHandler } from "../../src/wire/connect-handler.ts";

const answered: NodeHandler = (_, response) => {
  response.end("answered");
};

async function listen(handler: NodeHandler, limits = portLimits) {
  const port = await listenOnOnePort(handler, { host: "127.0.0.1", port: 0 }, limits);
  onTestFinished(() => port.close(0));
  return port;
}

/** Everything that is answered to these bytes until the connection ends. */
async function exchange(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, "connect");
  socket.write(bytes, "latin1");
  let text = "";
  for await (const chunk of socket) {
    text += chunk;
  }
  return text;
}

function parse(text: string) {
  const [head = "", body = ""] = text.split("\r\n\r\n");
  const [statusLine = "", ...lines] = head.split("\r\n");
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)] as const;
    }),
  );
  return { status: Number(statusLine.split(" ")[1]), headers, body };
}

function expectRefusal(text: string, status: number, type: string) {
  const answer = parse(text);
  expect(answer.status).toBe(status);
  expect(answer.headers.get("x-amzn-errortype")).toBe(type);
  expect(answer.headers.get("x-amzn-requestid")).toMatch(/^[0-9a-f-]{36}$/);
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(answer.headers.get("connection")).toBe("close");
  expect(answer.headers.get("content-length")).toBe(String(Buffer.byteLength(answer.body)));
  expect(JSON.parse(answer.body)).toEqual({ message: expect.stringMatching(/^[A-Z].+\.$/) });
}

const bytesOfRefused = [
  { what: "no HTTP at all", bytes: "hello\r\n\r\n", status: 400, type: "MalformedHttpRequestException" },
  {
    what: "two lengths that differ",
    bytes: "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    status: 400,
    type: "MalformedHttpRequestException",
  },
  {
    what: "HTTP/1.1 without a host",
    bytes: "GET / HTTP/1.1\r\n\r\n",
    status: 400,
    type: "MalformedHttpRequestException",
  },
  {
    what: "CONNECT",
    bytes: "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
    status: 400,
    type: "MalformedHttpRequestException",
  },
  {
    what: "headers of 64 KiB",
    bytes: `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(65_536)}\r\n\r\n`,
    status: 431,
    type: "RequestHeaderFieldsTooLargeException",
  },
  {
    what: "headers that do not end",
    bytes: "GET / HTTP/1.1\r\nHost: a\r\n",
    status: 408,
    type: "RequestTimeoutException",
  },
  {
    what: "an expectation other than 100-continue",
    bytes: "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: tea\r\n\r\n",
    status: 417,
    type: "ExpectationFailedException",
  },
];

describe("what is refused before it is a call has the form of every other REST error", () => {
  test.each(bytesOfRefused)("$what: $status", async ({ bytes, status, type }) => {
    const limits = { ...portLimits, headersTimeoutMs: 200, timeoutCheckIntervalMs: 50 };
    const { url } = await listen(answered, limits);
    expectRefusal(await exchange(url, bytes), status, type);
  });

  test("a body that is cut wrongly or is late, while its call waits for it", async () => {
    const limits = { ...portLimits, headersTimeoutMs: 200, requestTimeoutMs: 200, timeoutCheckIntervalMs: 50 };
    const { url } = await listen((request, response) => {
      request.once("error", () => {}).once("end", () => response.end("answered"));
      request.resume();
    }, limits);
    const head = "PUT / HTTP/1.1\r\nHost: a\r\n";
    const cut = await exchange(url, `${head}Transfer-Encoding: chunked\r\n\r\nZ\r\n`);
    expectRefusal(cut, 400, "MalformedHttpRequestException");
    expectRefusal(await exchange(url, `${head}Content-Length: 9\r\n\r\n1`), 408, "RequestTimeoutException");
  });

  test("an answer that has begun is not written into", async () => {
    const { url } = await listen((_, response) => {
      response.setHeader("content-length", 20);
      asServerResponse(response).write("begun");
    });
    const text = await exchange(url, "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZ\r\n");
    expect(text).not.toContain("400");
  });

  test.each([
    ["no HTTP", "hello\r\n\r\n"],
    ["CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"],
  ])("a refusal waits for the answers that are owed before it: %s", async (_, refused) => {
    const { url } = await listen((_, response) => {
      setTimeout(() => response.end("answered"), 100);
    });
    const text = await exchange(url, `GET / HTTP/1.1\r\nHost: a\r\n\r\n${refused}`);
    const second = text.indexOf("HTTP/1.1 400");
    expect(text.slice(0, second)).toMatch(/^HTTP\/1\.1 200 [\s\S]+answered/);
    expectRefusal(text.slice(second), 400, "MalformedHttpRequestException");
  });

  test("a client that goes away amid its request harms nobody", async () => {
    const { url } = await listen(answered);
    for (const bytes of ["GET / HTTP/1.1\r\nHo", "hello\r\n\r\n"]) {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      await once(socket, "connect");
      socket.write(bytes);
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.resetAndDestroy();
    }
    expect(await (await fetch(url)).text()).toBe("answered");
  });
});
