import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DescMethodUnary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, onTestFinished, test } from "vitest";
import { BadRequestSchema } from "../../src/gen/google/rpc/error_details_pb.ts";
import { StreamingSessionService } from "../../src/gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import { policy } from "../support/streaming-fixtures.ts";
import { openStreamingServices, type StreamingServices } from "../support/streaming-service.ts";

const { method } = StreamingSessionService;
const studioId = "studio-1";
const dayMs = 86_400_000;
const creation = { studioId, launchProfileId: "profile-1", tags: { one: "1", two: "2" }, clientToken: "token-1" };

/** Services over one file, of which there can be several at once, as in several processes. */
async function storeFile() {
  const folder = await mkdtemp(join(tmpdir(), "client-token-"));
  const clock = { now: 1_800_000_000_000 };
  const opened: StreamingServices[] = [];
  onTestFinished(async () => {
    await Promise.all(opened.map(({ store }) => store.close()));
    await rm(folder, { recursive: true });
  });
  return {
    clock,
    async open(): Promise<StreamingServices> {
      const services = await openStreamingServices(`sqlite:${join(folder, "store.db")}`, policy, () => clock.now);
      opened.push(services);
      return services;
    },
  };
}

/** The response in binary form, as text. */
async function bytesOf<Method extends DescMethodUnary>(
  services: StreamingServices,
  rpc: Method,
  request: MessageInitShape<Method["input"]>,
  caller?: string,
): Promise<string> {
  const reply = await services.call<Method["input"], Method["output"]>(rpc, request, caller);
  return Buffer.from(toBinary(rpc.output, reply)).toString("base64");
}

async function failureOf(sent: Promise<unknown>): Promise<ConnectError> {
  return sent.then(
    () => new ConnectError("it succeeded"),
    (error: unknown) => ConnectError.from(error),
  );
}

async function sessionCount(services: StreamingServices): Promise<number> {
  return (await services.call(method.listStreamingSessions, { studioId })).sessions.length;
}

describe("a client token", () => {
  test("that comes many times at once is one call with one answer", async () => {
    const services = await (await storeFile()).open();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => bytesOf(services, method.createStreamingSession, creation)),
    );
    expect(new Set(answers).size).toBe(1);
    expect(await sessionCount(services)).toBe(1);
  });

  test("that comes to two replicas at once is one call with one answer", async () => {
    const file = await storeFile();
    const replicas = [await file.open(), await file.open()];
    for (const clientToken of ["token-1", "token-2", "token-3", "token-4", "token-5"]) {
      const request = { ...creation, clientToken };
      const sent = replicas.flatMap((replica) =>
        [1, 2].map(() => bytesOf(replica, method.createStreamingSession, request)),
      );
      expect(new Set(await Promise.all(sent)).size).toBe(1);
    }
    expect(await Promise.all(replicas.map(sessionCount))).toEqual([5, 5]);
  });

  test("is remembered over a restart, whatever became of the session", async () => {
    const file = await storeFile();
    const before = await file.open();
    const { session } = await before.call(method.createStreamingSession, { ...creation, clientToken: "create" });
    const names = { studioId, sessionId: session?.sessionId ?? "" };
    file.clock.now += 2000;
    await before.runDue();
    const stop = { ...names, clientToken: "stop" };
    const first = await bytesOf(before, method.stopStreamingSession, stop);
    file.clock.now += 2000;
    await before.runDue();
    await before.call(method.deleteStreamingSession, names);
    await before.store.close();
    const after = await file.open();
    expect(await bytesOf(after, method.stopStreamingSession, stop)).toBe(first);
    expect((await failureOf(after.call(method.stopStreamingSession, names))).code).toBe(Code.FailedPrecondition);
  });

  test.each([
    ["another profile", { launchProfileId: "profile-2" }],
    ["another tag", { tags: { one: "1", two: "3" } }],
    ["another studio", { studioId: "studio-2" }],
    ["one parameter more", { ownedBy: "artist" }],
  ])("with %s is refused, and says so", async (_, changes) => {
    const services = await (await storeFile()).open();
    await services.call(method.createStreamingSession, creation);
    const error = await failureOf(services.call(method.createStreamingSession, { ...creation, ...changes }));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.message).toContain("other parameters");
    expect(error.message).not.toContain("token-1");
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations).toMatchObject([{ field: "client_token" }]);
    expect(await sessionCount(services)).toBe(1);
  });

  test("with the same tags in another order is the same call", async () => {
    const services = await (await storeFile()).open();
    const first = await bytesOf(services, method.createStreamingSession, creation);
    const request = { ...creation, tags: { two: "2", one: "1" } };
    expect(await bytesOf(services, method.createStreamingSession, request)).toBe(first);
  });

  test("is forgotten after 24 hours and not before, and leaves nothing behind", async () => {
    const file = await storeFile();
    const services = await file.open();
    const first = await bytesOf(services, method.createStreamingSession, creation);
    file.clock.now += dayMs - 1;
    await services.runDue();
    expect(await bytesOf(services, method.createStreamingSession, creation)).toBe(first);
    file.clock.now += 1;
    // The timer has not run yet.
    expect(await bytesOf(services, method.createStreamingSession, creation)).not.toBe(first);
    await services.runDue();
    const second = await bytesOf(services, method.createStreamingSession, creation);
    expect(second).not.toBe(first);
    expect(await sessionCount(services)).toBe(2);
    const kept = (await services.store.due(Number.MAX_SAFE_INTEGER, 100)).filter(
      ({ ref }) => ref.kind.name === "idempotency_record",
    );
    expect(kept).toHaveLength(1);
    file.clock.now += dayMs;
    await services.runDue();
    const left = await services.store.due(Number.MAX_SAFE_INTEGER, 100);
    expect(left.filter(({ ref }) => ref.kind.name === "idempotency_record")).toEqual([]);
  });

  test("belongs to its caller and its operation", async () => {
    const services = await (await storeFile()).open();
    const anns = await bytesOf(services, method.createStreamingSession, creation, "ann");
    expect(await bytesOf(services, method.createStreamingSession, creation, "bob")).not.toBe(anns);
    const { session } = await services.call(method.createStreamingSession, { ...creation, clientToken: "two" }, "ann");
    const names = { studioId, sessionId: session?.sessionId ?? "" };
    const error = await failureOf(
      services.call(method.startStreamingSession, { ...names, clientToken: "token-1" }, "ann"),
    );
    expect(error.code).toBe(Code.FailedPrecondition);
  });

  test("of a refused call is free: the call may be made again when it is allowed", async () => {
    const file = await storeFile();
    const services = await file.open();
    const { session } = await services.call(method.createStreamingSession, creation);
    const stop = { studioId, sessionId: session?.sessionId ?? "", clientToken: "stop" };
    expect((await failureOf(services.call(method.stopStreamingSession, stop))).code).toBe(Code.FailedPrecondition);
    file.clock.now += 1000;
    await services.runDue();
    await services.call(method.stopStreamingSession, stop);
  });

  test("without one, each call is a call", async () => {
    const services = await (await storeFile()).open();
    const { clientToken: _, ...request } = creation;
    await services.call(method.createStreamingSession, request);
    await services.call(method.createStreamingSession, request);
    expect(await sessionCount(services)).toBe(2);
  });
});
