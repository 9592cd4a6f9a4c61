import { getEventListeners } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import {
  create,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { createHandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { Client, type ClientReadableStream, credentials, status as grpcStatus, type ServiceError } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  Health,
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../../src/gen/grpc/health/v1/health_pb.ts";
import { createHealthService } from "../../src/services/health-service.ts";
import { HealthStatus } from "../../src/services/health-status.ts";

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = ServingStatus;

/** A status that counts who listens. */
class CountedHealthStatus extends HealthStatus {
  listening = 0;
  override onSet(listener: () => void): () => void {
    const end = super.onSet(listener);
    this.listening += 1;
    return () => {
      this.listening -= 1;
      end();
    };
  }
}

describe("over gRPC", () => {
  let status: CountedHealthStatus;
  let server: Http2Server;
  let client: Client;
  let shutdown: AbortController;
  const sessions = new Set<ServerHttp2Session>();

  beforeEach(async () => {
    status = new CountedHealthStatus(["a.Known"]);
    shutdown = new AbortController();
    const adapter = connectNodeAdapter({
      shutdownSignal: shutdown.signal,
      routes: (router) => router.service(Health, createHealthService(status)),
    });
    server = createServer(adapter);
    server.on("session", (session) => {
      sessions.add(session);
      session.once("close", () => sessions.delete(session));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  });

  afterEach(async () => {
    expect(status.listening).toBe(0);
    client.close();
    for (const session of sessions) {
      session.close();
    }
    await new Promise((resolve) => server.close(resolve));
  });

  function callUnary<Method extends typeof Health.method.check | typeof Health.method.list>(
    method: Method,
    request: MessageInitShape<Method["input"]>,
  ): Promise<MessageShape<Method["output"]>> {
    const { path, encode, decode } = spelling<Method>(method);
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, encode, decode, request, (error, reply) =>
        reply === undefined ? reject(error) : resolve(reply),
      );
    });
  }

  function watch(service: string): ClientReadableStream<HealthCheckResponse> {
    const { path, encode, decode } = spelling(Health.method.watch);
    return client.makeServerStreamRequest(path, encode, decode, { service });
  }

  test.each([
    { service: "", serving: true, expected: SERVING },
    { service: "", serving: false, expected: NOT_SERVING },
    { service: "a.Known", serving: true, expected: SERVING },
    { service: "b.SetLater", serving: false, expected: NOT_SERVING },
    { service: "b.SetLater", serving: true, expected: SERVING },
  ])('Check of "$service" set to $serving', async ({ service, serving, expected }) => {
    status.set(service, serving);
    expect((await callUnary(Health.method.check, { service })).status).toBe(expected);
  });

  test.each(["", "a.Known"])("a service (%j) that was only named does not serve", async (service) => {
    expect((await callUnary(Health.method.check, { service })).status).toBe(NOT_SERVING);
  });

  test("setting one service leaves the others as they are", async () => {
    status.set("a.Known", true);
    expect((await callUnary(Health.method.check, { service: "" })).status).toBe(NOT_SERVING);
  });

  test.each(["no.such.Service", "constructor"])(
    "Check of the unknown %s is not found and names it",
    async (service) => {
      const error: ServiceError = await callUnary(Health.method.check, { service }).then(
        () => expect.unreachable(),
        (reason) => reason,
      );
      expect(error.code).toBe(grpcStatus.NOT_FOUND);
      expect(error.details).toContain(service);
    },
  );

  test.each([
    { serving: true, expected: SERVING },
    { serving: false, expected: NOT_SERVING },
  ])("List has every service, all of them set to $serving", async ({ serving, expected }) => {
    status.set("b.SetLater", !serving);
    status.setAll(serving);
    const { statuses } = await callUnary(Health.method.list, {});
    expect(Object.entries(statuses).map(([service, each]) => [service, each.status])).toEqual([
      ["", expected],
      ["a.Known", expected],
      ["b.SetLater", expected],
    ]);
  });

  test("Watch tells the status at once and each change, and no status twice", async () => {
    status.set("a.Known", true);
    const call = watch("a.Known");
    const told = call[Symbol.asyncIterator]();
    expect((await told.next()).value.status).toBe(SERVING);
    status.set("a.Known", true);
    status.set("b.Other", true);
    status.set("a.Known", false);
    expect((await told.next()).value.status).toBe(NOT_SERVING);
    status.setAll(true);
    expect((await told.next()).value.status).toBe(SERVING);
    await cancel(call);
  });

  test("Watch of an unknown service goes on until the service is known", async () => {
    const call = watch("c.Unknown");
    const told = call[Symbol.asyncIterator]();
    expect((await told.next()).value.status).toBe(SERVICE_UNKNOWN);
    status.setAll(true);
    status.set("c.Unknown", false);
    expect((await told.next()).value.status).toBe(NOT_SERVING);
    await cancel(call);
  });

  test("a hundred cancelled watches leave no listener behind", async () => {
    const calls = Array.from({ length: 100 }, () => watch(""));
    await Promise.all(calls.map((call) => call[Symbol.asyncIterator]().next()));
    await expect.poll(() => status.listening).toBe(100);
    await Promise.all(calls.map(cancel));
  });

  test("at shutdown a watch tells what was set just before and ends without an error", async () => {
    status.setAll(true);
    const call = watch("");
    const told = call[Symbol.asyncIterator]();
    expect((await told.next()).value.status).toBe(SERVING);
    status.setAll(false);
    shutdown.abort();
    expect((await told.next()).value.status).toBe(NOT_SERVING);
    expect(await told.next()).toMatchObject({ done: true });
  });

  /** Ends a call from the client's side and waits until the server has noticed. */
  async function cancel(call: ClientReadableStream<HealthCheckResponse>): Promise<void> {
    call.on("error", () => {});
    call.cancel();
    await expect.poll(() => status.listening).toBe(0);
  }
});

test("a watch keeps one listener on its signal however often the status changes, and none when it ended", async () => {
  const status = new HealthStatus();
  const abort = new AbortController();
  const context = createHandlerContext({
    service: Health,
    method: Health.method.watch,
    protocolName: "grpc",
    requestMethod: "POST",
    url: "http://gateway.test/",
    requestSignal: abort.signal,
  });
  const before = getEventListeners(context.signal, "abort").length;
  const told = createHealthService(status).watch(create(Health.method.watch.input), context)[Symbol.asyncIterator]();
  await told.next();
  for (const serving of Array.from({ length: 50 }, (_, index) => index % 2 === 0)) {
    const next = told.next();
    status.set("", serving);
    expect((await next).value.status).toBe(serving ? SERVING : NOT_SERVING);
  }
  const last = told.next();
  expect(getEventListeners(context.signal, "abort")).toHaveLength(before + 1);
  abort.abort();
  expect(await last).toMatchObject({ done: true });
  expect(getEventListeners(context.signal, "abort").length).toBeLessThanOrEqual(before);
});

/** How grpc-js is told of a method. */
function spelling<Method extends DescMethod>(method: Method) {
  const input: Method["input"] = method.input;
  const output: Method["output"] = method.output;
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    encode: (request: MessageInitShape<Method["input"]>) => Buffer.from(toBinary(input, create(input, request))),
    decode: (bytes: Uint8Array) => fromBinary(output, bytes) as MessageShape<Method["output"]>,
  };
}
