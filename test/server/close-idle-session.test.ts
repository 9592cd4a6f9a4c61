import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { describe, expect, onTestFinished, test } from "vitest";
import { asServerResponse } from "../../src/rest/node-http.ts";
import { portLimits } from "../../src/server/limits.ts";
import { listenOnOnePort } from "../../src/server/one-port.ts";

const idleTimeoutMs = 200;

async function openSession(): Promise<ClientHttp2Session> {
  const port = await listenOnOnePort(
    (request, response) => {
      if (request.url === "/watch") {
        asServerResponse(response).write("first");
        setTimeout(() => response.end("last"), idleTimeoutMs * 4);
      } else {
        response.end("answered");
      }
    },
    { host: "127.0.0.1", port: 0 },
    { ...portLimits, idleTimeoutMs },
  );
  onTestFinished(() => port.close(0));
  const session = connect(port.url);
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  return session;
}

async function get(session: ClientHttp2Session, path: string): Promise<string> {
  let text = "";
  const stream = session.request({ ":path": path });
  stream.setEncoding("utf8");
  for await (const chunk of stream) {
    text += chunk;
  }
  return text;
}

/** The code of the GOAWAY that the server says, and after how many milliseconds. */
async function goaway(session: ClientHttp2Session): Promise<{ code: number; afterMs: number }> {
  const startedAt = performance.now();
  const closed = once(session, "close");
  const [code] = (await once(session, "goaway")) as [number];
  const afterMs = performance.now() - startedAt;
  await closed;
  return { code, afterMs };
}

describe("an HTTP/2 connection", () => {
  test("is told to go once it idles, whether it was used or not", async () => {
    const unused = goaway(await openSession());
    const used = await openSession();
    expect(await get(used, "/")).toBe("answered");
    const told = await Promise.all([unused, goaway(used)]);
    for (const { code, afterMs } of told) {
      expect(code).toBe(0);
      expect(afterMs).toBeGreaterThan(idleTimeoutMs / 2);
      expect(afterMs).toBeLessThan(idleTimeoutMs * 10);
    }
  });

  test("is left alone while a stream is open, however silent, and goes afterwards", async () => {
    const session = await openSession();
    let isTold = false;
    session.once("goaway", () => {
      isTold = true;
    });
    const gone = goaway(session);
    expect(await get(session, "/watch")).toBe("firstlast");
    expect(isTold).toBe(false);
    expect((await gone).afterMs).toBeGreaterThan(idleTimeoutMs * 4.5);
  });

  test("is left alone while it pings", async () => {
    const session = await openSession();
    let isTold = false;
    session.once("goaway", () => {
      isTold = true;
    });
    await once(session, "connect");
    const until = performance.now() + idleTimeoutMs * 3;
    while (performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, idleTimeoutMs / 4));
      session.ping(() => {});
    }
    expect(isTold).toBe(false);
  });
});
