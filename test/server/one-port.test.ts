import { once } from "node:events";
import { request } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { portLimits } from "../../src/server/limits.ts";
import { listenOnOnePort } from "../../src/server/one-port.ts";
import type { NodeHandler } from "../../src/wire/connect-handler.ts";

const echo: NodeHandler = (incoming, response) => {
  response.setHeader("content-type", "text/plain");
  response.end(`${incoming.httpVersion} ${incoming.method} ${incoming.url}`);
};

async function listen(handler: NodeHandler = echo, limits = portLimits) {
  const port = await listenOnOnePort(handler, { host: "127.0.0.1", port: 0 }, limits);
  onTestFinished(() => port.close(0));
  return port;
}

function openSocket(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  return once(socket, "connect").then(() => socket);
}

async function readAll(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) {
    text += chunk;
  }
  return text;
}

async function getOverHttp2(url: string, path: string): Promise<string> {
  const session = connectHttp2(url);
  const stream = session.request({ ":path": path });
  stream.setEncoding("utf8");
  let text = "";
  for await (const chunk of stream) {
    text += chunk;
  }
  session.close();
  return text;
}

describe("one port", () => {
  test("speaks HTTP/1.1 and HTTP/2 with prior knowledge", async () => {
    const { url } = await listen();
    expect(await (await fetch(`${url}/a?b`)).text()).toBe("1.1 GET /a?b");
    expect(await getOverHttp2(url, "/a?b")).toBe("2.0 GET /a?b");
  });

  test("tells the protocols apart however the first bytes are cut", async () => {
    const { url } = await listen();
    const socket = await openSocket(url);
    for (const byte of "PUT /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await readAll(socket)).toContain("1.1 PUT /slow");

    const http2 = await openSocket(url);
    for (const byte of "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") {
      http2.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    http2.write(Buffer.from("000000040000000000", "hex"));
    const [settings] = (await once(http2, "data")) as [Buffer];
    expect(settings[3]).toBe(4);
  });

  test("cuts connections that show no protocol in time, and only those", async () => {
    const { url } = await listen(echo, { ...portLimits, firstBytesTimeoutMs: 200 });
    for (const first of ["", "P", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r"]) {
      const socket = await openSocket(url);
      socket.write(first);
      await once(socket.resume(), "close");
    }
    const socket = await openSocket(url);
    socket.write("GET /late HTTP/1.1\r\nHost: a\r\n");
    await new Promise((resolve) => setTimeout(resolve, 400));
    socket.write("Connection: close\r\n\r\n");
    expect(await readAll(socket)).toContain("1.1 GET /late");
  });

  test("cuts HTTP/1.1 requests whose headers take too long", async () => {
    const { url } = await listen(echo, { ...portLimits, headersTimeoutMs: 300, timeoutCheckIntervalMs: 50 });
    const socket = await openSocket(url);
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n");
    expect(await readAll(socket)).toContain("408 Request Timeout");
  });

  test("closing lets calls in progress finish, over both protocols, and takes no new ones", async () => {
    const waiting: (() => void)[] = [];
    const port = await listenOnOnePort((_, response) => waiting.push(() => response.end("finished")), {
      host: "127.0.0.1",
      port: 0,
    });
    const http1 = new Promise<string>((resolve, reject) => {
      request(`${port.url}/`, (response) => {
        response.setEncoding("utf8").on("data", resolve);
      })
        .on("error", reject)
        .end();
    });
    const http2 = getOverHttp2(port.url, "/");
    while (waiting.length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const closed = port.close(5000);
    await expect(fetch(port.url)).rejects.toThrow();
    for (const finish of waiting) {
      finish();
    }
    expect(await Promise.all([http1, http2])).toEqual(["finished", "finished"]);
    await closed;
  });

  test("closing cuts what does not finish in time", async () => {
    const port = await listenOnOnePort(() => {}, { host: "127.0.0.1", port: 0 });
    const hanging = fetch(port.url).catch(() => "cut");
    await new Promise((resolve) => setTimeout(resolve, 100));
    const startedAt = performance.now();
    await port.close(200);
    expect(await hanging).toBe("cut");
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  test("an address that is taken is an error", async () => {
    const { url } = await listen();
    const address = { host: "127.0.0.1", port: Number(new URL(url).port) };
    await expect(listenOnOnePort(echo, address)).rejects.toThrow("EADDRINUSE");
  });
});
