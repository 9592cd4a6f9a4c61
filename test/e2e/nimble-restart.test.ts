import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Gateway } from "../../src/gateway.ts";
import { StreamingSessionState as State } from "../../src/gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import { StreamingSessionService } from "../../src/gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import { streamingGateway } from "../support/streaming-gateway.ts";

const studioId = "studio-1";
const minuteMs = 60_000;

async function storeUrl(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "nimble-restart-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return `sqlite:${join(folder, "store.db")}`;
}

function clientOf({ url }: Gateway) {
  return createClient(StreamingSessionService, createGrpcTransport({ baseUrl: url }));
}

test("what fell due while nothing ran happens at the next start", async () => {
  const clock = { now: 1_800_000_000_000 };
  const store = await storeUrl();
  const file = "launchProfiles: { short: { streamConfiguration: { maxSessionLengthInMinutes: 1 } } }";
  const open = () => streamingGateway({ settings: { store, simulatedDelay: "1s" }, file, clock: () => clock.now });
  const before = await open();
  const names = { studioId, sessionId: "" };
  const { session } = await clientOf(before).createStreamingSession({ studioId, launchProfileId: "short" });
  names.sessionId = session?.sessionId ?? "";
  await before.close();

  const reaches = async (gateway: Gateway, state: State) => {
    const client = clientOf(gateway);
    await vi.waitFor(async () => expect((await client.getStreamingSession(names)).session?.state).toBe(state), {
      timeout: 5000,
    });
  };
  clock.now += 5 * minuteMs;
  const second = await open();
  await reaches(second, State.READY);
  await second.close();
  clock.now += 5 * minuteMs;
  const third = await open();
  await reaches(third, State.DELETE_IN_PROGRESS);
  clock.now += 1000;
  await reaches(third, State.DELETED);
  clock.now += 24 * 60 * minuteMs;
  await vi.waitFor(() => expect(clientOf(third).getStreamingSession(names)).rejects.toThrow("no such"), {
    timeout: 5000,
  });
});

test("two gateways over one store complete each transition once", async () => {
  const store = await storeUrl();
  const gateways = await Promise.all([
    streamingGateway({ settings: { store, simulatedDelay: "300ms" } }),
    streamingGateway({ settings: { store, simulatedDelay: "300ms" } }),
  ]);
  const [one, other] = gateways.map(clientOf);
  const seen: string[] = [];
  const watched = (async () => {
    // Whoever completes a session a second time would do so before the watch ends.
    const signal = AbortSignal.timeout(2000);
    for await (const { session } of one?.watchStreamingSessions({ studioId }, { signal }) ?? []) {
      seen.push(`${session?.sessionId} ${session?.state}`);
    }
  })().catch(() => {});
  const created = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? one : other)?.createStreamingSession({ studioId, launchProfileId: "default" }),
    ),
  );
  await watched;
  const ids = created.map((answer) => answer?.session?.sessionId);
  const wanted = ids.flatMap((id) => [`${id} ${State.CREATE_IN_PROGRESS}`, `${id} ${State.READY}`]);
  expect(seen.toSorted()).toEqual(wanted.toSorted());
});
