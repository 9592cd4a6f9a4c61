import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Gateway } from "../../src/gateway.ts";
import { CisSessionState } from "../../src/gen/sessiongateway/cis/v1/cis_session_pb.ts";
import { CisSessionService } from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { type Agent, messages, newAgent, result } from "../support/cis-fixtures.ts";
import { openGateway } from "../support/gateway.ts";

/** One event, in a form that is the same for every protocol. */
interface WatchEvent {
  readonly scanJobId: string;
  readonly state: string;
  readonly totalChecks: number;
  readonly cursor: string;
}

/** Watches, and ends when it has been given `count` events. */
type Watch = (request: { cursor?: string; scanJobId?: string }, count: number) => Promise<readonly WatchEvent[]>;

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway.close());

function watchOver(createTransport: (baseUrl: string) => Transport): Watch {
  return async (request, count) => {
    const events: WatchEvent[] = [];
    for await (const { session, cursor } of createClient(
      CisSessionService,
      createTransport(gateway.url),
    ).watchCisSessions(request)) {
      const state = Object.entries(CisSessionState).find(([, value]) => value === session?.state)?.[0] ?? "";
      const totalChecks = session?.received?.totalChecks ?? 0;
      events.push({ scanJobId: session?.scanJobId ?? "", state, totalChecks, cursor });
      if (events.length === count) {
        break;
      }
    }
    return events;
  };
}

interface RestEvent {
  readonly session: {
    readonly scanJobId: string;
    readonly state: string;
    readonly received?: { readonly totalChecks: number };
  };
  readonly cursor: string;
}

/** Reads texts that end with `separator` from a stream over REST, until `count` were read. */
async function readRest(
  request: { cursor?: string; scanJobId?: string },
  accept: string,
  separator: string,
  count: number,
) {
  const query = new URLSearchParams(request);
  const response = await fetch(`${gateway.url}/v1/cis-sessions:watch?${query}`, { headers: { accept } });
  expect(response.headers.get("content-type")).toContain(accept);
  const texts: string[] = [];
  let rest = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const parts = `${rest}${chunk}`.split(separator);
    rest = parts.pop() ?? "";
    texts.push(...parts.filter((part) => part !== "" && !part.startsWith(":")));
    if (texts.length >= count) {
      break;
    }
  }
  return texts.slice(0, count);
}

function toEvent({ session, cursor }: RestEvent): WatchEvent {
  const { scanJobId, state, received } = session;
  return { scanJobId, state, totalChecks: received?.totalChecks ?? 0, cursor };
}

const watches: Readonly<Record<string, Watch>> = {
  gRPC: watchOver((baseUrl) => createGrpcTransport({ baseUrl })),
  "gRPC-Web": watchOver((baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })),
  "Connect over HTTP/1.1": watchOver((baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" })),
  "Connect over HTTP/2, JSON": watchOver((baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: false }),
  ),
  "REST, JSON lines": async (request, count) =>
    (await readRest(request, "application/x-ndjson", "\n", count)).map((line) => toEvent(JSON.parse(line))),
  "REST, server-sent events": async (request, count) =>
    (await readRest(request, "text/event-stream", "\n\n", count)).map((text) => {
      const [, id, data = ""] = /^id: (.*)\ndata: (.*)$/.exec(text) ?? [];
      const event = toEvent(JSON.parse(data));
      expect(id).toBe(event.cursor);
      return event;
    }),
};

function client() {
  return createClient(CisSessionService, createGrpcTransport({ baseUrl: gateway.url }));
}

function start({ scanJobId, sessionToken }: Agent) {
  return client().startCisSession({ scanJobId, message: { sessionToken } });
}

describe.each(Object.keys(watches))("a watch over %s", (name) => {
  const watch = watches[name] as Watch;

  test("gives the present state, then every change in order", async () => {
    const agent = newAgent();
    await start(agent);
    const watching = watch({ scanJobId: agent.scanJobId }, 5);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await client().sendCisSessionHealth(agent);
    await client().sendCisSessionTelemetry({ ...agent, messages: messages(0, 3) });
    await client().sendCisSessionTelemetry({ ...agent, messages: messages(2, 3) });
    await client().stopCisSession({ ...agent, message: result });
    expect((await watching).map(({ state, totalChecks }) => [state, totalChecks])).toEqual([
      ["STARTED", 0],
      ["STARTED", 0],
      ["STARTED", 3],
      ["STARTED", 5],
      ["STOPPED", 5],
    ]);
  });

  test("resumes behind the event of its cursor, and repeats nothing", async () => {
    const agent = newAgent();
    await start(agent);
    await client().sendCisSessionTelemetry({ ...agent, messages: messages(0, 1) });
    const [present] = await watch({ scanJobId: agent.scanJobId }, 1);
    await client().sendCisSessionTelemetry({ ...agent, messages: messages(1, 1) });
    await client().sendCisSessionTelemetry({ ...agent, messages: messages(2, 1) });
    const [second] = await watch({ scanJobId: agent.scanJobId, cursor: present?.cursor ?? "" }, 1);
    expect([present?.totalChecks, second?.totalChecks]).toEqual([1, 2]);
    const [third] = await watch({ scanJobId: agent.scanJobId, cursor: second?.cursor ?? "" }, 1);
    expect(third?.totalChecks).toBe(3);
  });

  test("of all sessions gives every one that there is", async () => {
    const agents = Array.from({ length: 20 }, () => newAgent());
    await Promise.all(agents.map(start));
    const { sessions } = await client().listCisSessions({ pageSize: 1000 });
    const events = await watch({}, sessions.length);
    expect(new Set(events.map(({ scanJobId }) => scanJobId))).toEqual(
      new Set(sessions.map(({ scanJobId }) => scanJobId)),
    );
  });
});

describe("a watch that cannot begin", () => {
  test("a cursor that was never given out is invalid, before the stream begins", async () => {
    const events = client().watchCisSessions({ cursor: "nonsense" })[Symbol.asyncIterator]();
    await expect(events.next()).rejects.toMatchObject({ code: 3 });
    const response = await fetch(`${gateway.url}/v1/cis-sessions:watch?cursor=nonsense`);
    expect([response.status, response.headers.get("x-amzn-errortype")]).toEqual([400, "ValidationException"]);
    expect(await response.json()).toMatchObject({ reason: "OTHER", fields: [{ name: "cursor" }] });
  });

  test("Last-Event-ID resumes a stream of server-sent events, as a browser does it", async () => {
    const agent = newAgent();
    await start(agent);
    const [first] = await (watches["gRPC"] as Watch)({ scanJobId: agent.scanJobId }, 1);
    await client().stopCisSession({ ...agent, message: result });
    const headers = { accept: "text/event-stream", "last-event-id": first?.cursor ?? "" };
    const response = await fetch(`${gateway.url}/v1/cis-sessions:watch?scanJobId=${agent.scanJobId}`, { headers });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("data:")) {
      text += (await reader?.read())?.value ?? "";
    }
    await reader?.cancel();
    expect(text).toContain('"state":"STOPPED"');
  });
});
