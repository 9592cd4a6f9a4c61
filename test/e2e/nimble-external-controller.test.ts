import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateStreamingSessionCommand,
  DeleteStreamingSessionCommand,
  GetStreamingSessionCommand,
  type NimbleClient,
  StartStreamingSessionCommand,
  StopStreamingSessionCommand,
} from "@aws-sdk/client-nimble";
import { expect, onTestFinished, test, vi } from "vitest";
import { startGateway } from "../support/gateway-process.ts";
import { nimbleClient, streamingGateway } from "../support/streaming-gateway.ts";

const studioId = "studio-1";
const controller = new URL("../../examples/external-controller/main.ts", import.meta.url).pathname;

/** The example controller in a process of its own, whose work takes so long, stopped when the test has finished. */
function startController(url: string, workMs = 10) {
  const child = spawn(process.execPath, [controller, url, studioId, `${workMs}`], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { text: "" };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output.text += text;
    });
  }
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    }
  };
  onTestFinished(stop);
  const says = (text: string) => vi.waitFor(() => expect(output.text).toContain(text), { timeout: 10_000 });
  return { output, stop, says };
}

/** Starts gateways that leave transitions to a controller, each over the store of a name, all removed when the test has finished. */
async function externalGateways() {
  const folder = await mkdtemp(join(tmpdir(), "nimble-external-controller-"));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 5 }));
  return (store: string, flags: readonly string[] = []) =>
    startGateway(["--provisioner", "external", "--store", `sqlite:${join(folder, store)}`, ...flags]);
}

async function stateOf(client: NimbleClient, sessionId: string | undefined) {
  return (await client.send(new GetStreamingSessionCommand({ studioId, sessionId }))).session;
}

test("an external controller completes every transition, also one that was begun while it was away", async () => {
  const gateway = await streamingGateway({ settings: { provisioner: "external" } });
  const client = nimbleClient(gateway);
  const created = await client.send(new CreateStreamingSessionCommand({ studioId, launchProfileId: "default" }));
  const sessionId = created.session?.sessionId;
  const names = { studioId, sessionId };
  const reaches = (state: string) =>
    vi.waitFor(async () => expect(await stateOf(client, sessionId)).toMatchObject({ state }), { timeout: 10_000 });

  expect(await stateOf(client, sessionId)).toMatchObject({ state: "CREATE_IN_PROGRESS" });
  const first = startController(gateway.url);
  await reaches("READY");
  await client.send(new StopStreamingSessionCommand(names));
  await reaches("STOPPED");
  await first.stop();
  await client.send(new StartStreamingSessionCommand(names));
  expect(await stateOf(client, sessionId)).toMatchObject({ state: "START_IN_PROGRESS" });
  const second = startController(gateway.url);
  await reaches("READY");
  expect(await stateOf(client, sessionId)).toMatchObject({ statusCode: "STREAMING_SESSION_STARTED" });
  await client.send(new DeleteStreamingSessionCommand(names));
  await reaches("DELETED");
  expect(first.output.text).toContain('"state":"STOP_IN_PROGRESS","done":true');
  expect(second.output.text).toContain('"state":"DELETE_IN_PROGRESS","done":true');
});

test("an external controller fails a transition with a code and a message", async () => {
  const gateway = await streamingGateway({ settings: { provisioner: "external" } });
  const client = nimbleClient(gateway);
  startController(gateway.url);
  const { session } = await client.send(
    new CreateStreamingSessionCommand({ studioId, launchProfileId: "default", tags: { fail: "no machines left" } }),
  );
  await vi.waitFor(
    async () =>
      expect(await stateOf(client, session?.sessionId)).toMatchObject({
        state: "CREATE_FAILED",
        statusCode: "INSUFFICIENT_CAPACITY",
        statusMessage: "no machines left",
      }),
    { timeout: 10_000 },
  );
});

test("an external controller reports what it did while the gateway was killed", async () => {
  const start = await externalGateways();
  const killed = await start("sessions.db");
  const client = nimbleClient(killed);
  const worker = startController(killed.url, 500);
  const { session } = await client.send(new CreateStreamingSessionCommand({ studioId, launchProfileId: "default" }));
  await worker.says('"state":"CREATE_IN_PROGRESS","begun":true');
  await killed.end("SIGKILL");
  await worker.says('"state":"CREATE_IN_PROGRESS","unanswered"');
  await start("sessions.db", ["--listen", new URL(killed.url).host]);
  await vi.waitFor(async () => expect(await stateOf(client, session?.sessionId)).toMatchObject({ state: "READY" }), {
    timeout: 10_000,
  });
  expect(worker.output.text.match(/"begun"/g)).toHaveLength(1);
}, 30_000);

test("an external controller begins anew where the gateway comes back with another store", async () => {
  const start = await externalGateways();
  const first = await start("first.db");
  const client = nimbleClient(first);
  const worker = startController(first.url);
  await client.send(new CreateStreamingSessionCommand({ studioId, launchProfileId: "default" }));
  await worker.says('"state":"CREATE_IN_PROGRESS","done":true');
  await first.end("SIGKILL");
  await start("second.db", ["--listen", new URL(first.url).host]);
  const { session } = await vi.waitFor(
    () => client.send(new CreateStreamingSessionCommand({ studioId, launchProfileId: "default" })),
    { timeout: 10_000 },
  );
  await vi.waitFor(async () => expect(await stateOf(client, session?.sessionId)).toMatchObject({ state: "READY" }), {
    timeout: 10_000,
  });
}, 30_000);
