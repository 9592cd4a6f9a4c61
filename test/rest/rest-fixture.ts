import type { DescMessage } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { CisSessionState } from "../../src/gen/sessiongateway/cis/v1/cis_session_pb.ts";
import { CisSessionService } from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { createRestHandler } from "../../src/rest/index.ts";
import { type RestServers, startRestServers, type TestRequest, type Version } from "./rest-servers.ts";
import { type StandIn, type StandIns, standInCalls } from "./stand-in-calls.ts";
import { testService } from "./test-protos.ts";

export const maxBodyBytes = 4096;

/** What the stand-ins were called with, the last call last. */
export const calls: { readonly request: object; readonly context: HandlerContext }[] = [];
export const internalErrors: unknown[] = [];

type Behaviour = (context: HandlerContext) => object | Promise<object>;
let next: Behaviour | undefined;

/** What the next call does in place of answering. */
export function doNext(behaviour: Behaviour): void {
  next = behaviour;
}

function called(reply: object = {}): StandIn {
  return async (request, context) => {
    calls.push({ request, context });
    const behave = next;
    next = undefined;
    return behave === undefined ? reply : behave(context);
  };
}

export const cisStandIns: StandIns = {
  startCisSession: called(),
  sendCisSessionTelemetry: called(),
  stopCisSession: called(),
  createCisScanJob: called({ session: { scanJobId: "new", state: CisSessionState.PENDING } }),
  getCisSession: called({ session: { scanJobId: "job-1", state: CisSessionState.STARTED, attempt: 0 } }),
  listCisSessions: called({ sessions: [] }),
};

export const item = { id: "1", title: "one" };
const itemStandIns: StandIns = {
  ...Object.fromEntries(
    ["nested", "whole", "query", "typed", "scalar", "shaded"].map((name) => [name, called({ items: [item] })]),
  ),
  structured: (request) => request,
};

export const handler = createRestHandler({
  calls: [...standInCalls(CisSessionService, cisStandIns), ...standInCalls(testService("RightService"), itemStandIns)],
  maxBodyBytes,
  onInternalError: (error) => internalErrors.push(error),
});

/** The handler behind servers, for the tests of a file. */
export function useRestServers(): { readonly servers: RestServers } {
  const use: { servers?: RestServers } = {};
  beforeAll(async () => {
    use.servers = await startRestServers(handler);
  });
  afterAll(() => use.servers?.close());
  beforeEach(() => {
    calls.length = 0;
    internalErrors.length = 0;
    next = undefined;
  });
  return use as { readonly servers: RestServers };
}

/** Ways to send requests over one version of HTTP. */
export function restClient(use: { readonly servers: RestServers }, version: Version) {
  async function send(request: TestRequest) {
    const { status, headers, text } = await use.servers.send(version, request);
    return { status, headers, text, body: text === "" ? undefined : JSON.parse(text) };
  }

  async function ask(request: TestRequest) {
    const { status, headers, body } = await send(request);
    return { status, headers, body };
  }

  /** The message of the only call that was made. */
  async function requestOf(desc: DescMessage, request: TestRequest) {
    const { status, text } = await send(request);
    expect({ status, text }).toMatchObject({ status: 200 });
    expect(calls).toHaveLength(1);
    expect(calls[0]?.request).toMatchObject({ $typeName: desc.typeName });
    return calls[0]?.request;
  }

  return { send, ask, requestOf };
}

export const scanJobId = "624b746d-e080-44ae-8c1d-48e653365a38";
export const sessionToken = "624b746d-e080-44ae-8c1d-48e653365a31";
export const start = { scanJobId, message: { sessionToken } };
export const stop = { scanJobId, sessionToken, message: { status: "SUCCESS", progress: { totalChecks: 3 } } };
export const json = { "content-type": "application/json" };

export function put(path: string, body: unknown, headers: Record<string, string> = json): TestRequest {
  return { method: "PUT", path, headers, body: typeof body === "string" ? body : JSON.stringify(body) };
}

/** The body and the headers that every error has. */
export function error(status: number, type: string, body: object = { message: expect.stringMatching(/./) }) {
  return {
    status,
    headers: expect.objectContaining({
      "x-amzn-errortype": type,
      "x-amzn-requestid": expect.stringMatching(/^[\w-]{8,}$/),
      "content-type": "application/json",
      "content-length": expect.any(String),
    }),
    body,
  };
}
