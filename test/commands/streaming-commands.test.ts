import { describe, expect, test } from "vitest";
import { runCommand, startGateway } from "../support/gateway-process.ts";

const flags = ["--store", "sqlite::memory:", "--simulated-delay", "20ms"];

/** Runs commands about one studio against one gateway over one protocol. */
function commandLine(endpoint: string, protocol: string) {
  return async (command: string, ...args: string[]) => {
    const common = ["--studio-id", "studio-1", "--endpoint", endpoint, "--protocol", protocol];
    const { status, stdout, stderr } = await runCommand([command, ...common, ...args]);
    return { status, stderr, answer: stdout === "" ? undefined : JSON.parse(stdout) };
  };
}

describe.each(["grpc", "connect", "rest"])("%s", (protocol) => {
  test("the life of a streaming session", async () => {
    const run = commandLine((await startGateway(flags)).url, protocol);
    const profile = ["--launch-profile-id", "profile-1", "--tags", "team=red,env=test", "--owned-by", "ada"];
    const created = await run("create-streaming-session", ...profile);
    expect(created).toMatchObject({
      status: 0,
      stderr: "",
      answer: { session: { state: "CREATE_IN_PROGRESS", ownedBy: "ada", tags: { team: "red", env: "test" } } },
    });
    const session = ["--session-id", created.answer.session.sessionId];
    const reaches = (state: string) =>
      expect
        .poll(async () => (await run("get-streaming-session", ...session)).answer.session.state, { timeout: 10_000 })
        .toBe(state);
    await reaches("READY");

    const token = ["--client-token", "stop-once"];
    const stopped = await run("stop-streaming-session", ...session, ...token, "--volume-retention-mode", "RETAIN");
    expect(stopped).toMatchObject({
      status: 0,
      stderr: "",
      answer: { session: { state: "STOP_IN_PROGRESS", volumeRetentionMode: "RETAIN", stoppedBy: "anonymous" } },
    });
    await reaches("STOPPED");
    expect(await run("stop-streaming-session", ...session, ...token, "--volume-retention-mode", "RETAIN")).toEqual(
      stopped,
    );

    const conflict = await run("stop-streaming-session", ...session);
    expect(conflict).toMatchObject({ status: 254, answer: undefined });
    expect(conflict.stderr).toMatch(new RegExp(`^ConflictException: .+\\n {2}resource: .*${session[1]}\\n$`));
    const reused = await run("stop-streaming-session", ...session, ...token);
    expect(reused).toMatchObject({ status: 254, stderr: expect.stringMatching(/^ValidationException: .*token/) });
    const unknown = await run("get-streaming-session", "--session-id", "unknown");
    expect(unknown).toMatchObject({
      status: 254,
      stderr: expect.stringMatching(/^ResourceNotFoundException: .+\n {2}resource: .*unknown\n$/),
    });

    expect(await run("list-streaming-sessions", "--owned-by", "ada")).toMatchObject({
      answer: { sessions: [{ state: "STOPPED" }] },
    });
    expect(await run("delete-streaming-session", ...session)).toMatchObject({
      answer: { session: { state: "DELETE_IN_PROGRESS" } },
    });
  });
});

test("an external controller reports by commands, over gRPC and Connect only", async () => {
  const { url } = await startGateway([...flags, "--provisioner", "external"]);
  const run = commandLine(url, "grpc");
  const { answer } = await run("create-streaming-session", "--launch-profile-id", "profile-1");
  const report = ["--session-id", answer.session.sessionId, "--state", "CREATE_IN_PROGRESS"];
  expect(
    await run(
      "report-transition",
      ...report,
      "--failure",
      "statusCode=INSUFFICIENT_CAPACITY,statusMessage='none left'",
    ),
  ).toMatchObject({
    status: 0,
    answer: { session: { state: "CREATE_FAILED", statusCode: "INSUFFICIENT_CAPACITY", statusMessage: "none left" } },
  });
  expect(await commandLine(url, "connect")("report-transition", ...report, "--success")).toMatchObject({
    status: 254,
    stderr: expect.stringMatching(/^ConflictException: /),
  });
  expect(await commandLine(url, "rest")("report-transition", ...report, "--success")).toEqual({
    status: 252,
    answer: undefined,
    stderr: "error: --protocol rest cannot call ReportTransition\n",
  });
  expect(await run("report-transition", ...report)).toMatchObject({
    status: 252,
    stderr: "error: --success or --failure is required\n",
  });
  const failed = JSON.stringify({ failure: { statusCode: "INTERNAL_ERROR" } });
  expect(
    await run(
      "report-transition",
      ...report,
      "--cli-input-json",
      failed,
      "--success",
      "--generate-cli-skeleton",
      "output",
    ),
  ).toMatchObject({ status: 0 });
  expect(
    await run("report-transition", ...report, "--success", "--failure", "statusCode=INTERNAL_ERROR"),
  ).toMatchObject({
    status: 252,
    stderr: "error: the value at '/failure' must be absent, as another member of the same union is there\n",
  });
});
