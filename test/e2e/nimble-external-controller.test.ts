import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  CreateStreamingSessionCommand,
  DeleteStreamingSessionCommand,
  GetStreamingSessionCommand,
  type NimbleClient,
  StartStreamingSessionCommand,
  StopStreamingSessionCommand,
} from "@aws-sdk/client-nimble";
import { expect, onTestFinished, test, vi } from "vitest";
import { nimbleClient, streamingGateway } from "../support/streaming-gateway.ts";

const studioId = "studio-1";
const controller = new URL("../../examples/external-controller/main.ts", import.meta.url).pathname;

/** The example controller in a process of its own, stopped when the test has finished. */
function startController(url: string) {
  const child = spawn(process.execPath, [controller, url, studioId], { stdio: ["ignore", "pipe", "pipe"] });
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
  return { output, stop };
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
