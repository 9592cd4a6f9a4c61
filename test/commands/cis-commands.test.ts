import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import { newAgent } from "../support/cis-fixtures.ts";
import { runCommand, startGateway } from "../support/gateway-process.ts";

const protocols = ["grpc", "connect", "rest"] as const;
const store = ["--store", "sqlite::memory:"];
const uuidPattern = "[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}";

/** Runs commands against one gateway over one protocol. The endpoint comes from the environment. */
function commandLine(endpoint: string, protocol: string) {
  const environment = { SESSION_GATEWAY_ENDPOINT: endpoint };
  return (...args: string[]) => runCommand([...args, "--protocol", protocol], environment);
}

const nothing = { status: 0, stdout: "", stderr: "" };

describe.each(protocols)("%s", (protocol) => {
  test("the life of a scan", async () => {
    const run = commandLine((await startGateway(store)).url, protocol);
    const { scanJobId, sessionToken } = newAgent();
    const agent = ["--scan-job-id", scanJobId, "--session-token", sessionToken];

    const created = await run("create-cis-scan-job", "--scan-job-id", scanJobId);
    expect(created).toMatchObject({ status: 0, stderr: "" });
    expect(created.stdout).toMatch(/^\{\n {2}"session": \{\n {4}"scanJobId": "/);
    expect(JSON.parse(created.stdout)).toEqual({
      session: { scanJobId, state: "PENDING", attempt: 0, createdAt: expect.stringMatching(/^20\d\d-.*Z$/) },
    });
    const start = ["start-cis-session", "--scan-job-id", scanJobId, "--message"];
    expect(await run(...start, `sessionToken=${sessionToken}`)).toEqual(nothing);
    expect(await run("send-cis-session-health", ...agent)).toEqual(nothing);
    const results = [
      "ruleId=1.1,status=PASSED,cisRuleDetails=Zm9v",
      '{"ruleId": "1.2", "status": "FAILED", "cisRuleDetails": ""}',
    ];
    expect(await run("send-cis-session-telemetry", ...agent, "--messages", ...results)).toEqual(nothing);
    const result =
      "status=SUCCESS,reason='done, all of it',progress={totalChecks=2,failedChecks=1},computePlatform={vendor=canonical,product=ubuntu}";
    expect(await run("stop-cis-session", ...agent, "--message", result)).toEqual(nothing);

    const { session } = JSON.parse((await run("get-cis-session", "--scan-job-id", scanJobId)).stdout);
    expect(session).toMatchObject({
      state: "STOPPED",
      result: {
        status: "SUCCESS",
        reason: "done, all of it",
        progress: { totalChecks: 2, failedChecks: 1, successfulChecks: 0 },
        computePlatform: { vendor: "canonical", product: "ubuntu" },
      },
      received: { totalChecks: 2 },
    });
    const listed = await run(
      "list-cis-sessions",
      "--states",
      "STOPPED",
      "LOST",
      "--stop-statuses",
      "SUCCESS",
      "--page-size",
      "5",
    );
    expect(JSON.parse(listed.stdout)).toEqual({ sessions: [session] });
    const findings = await run("list-cis-findings", "--scan-job-id", scanJobId, "--statuses", '["FAILED"]');
    expect(JSON.parse(findings.stdout)).toMatchObject({ findings: [{ ruleId: "1.2", status: "FAILED", attempt: 1 }] });
    expect(JSON.parse((await run("list-cis-sessions", "--states", "PENDING")).stdout)).toEqual({ sessions: [] });
  });

  test("what the service refuses: the kind, the message and its details, and status 254", async () => {
    const run = commandLine((await startGateway(store)).url, protocol);
    const { scanJobId, sessionToken } = newAgent();
    const job = ["--scan-job-id", scanJobId];
    await run("start-cis-session", ...job, "--message", `sessionToken=${sessionToken}`);
    const [unknown, conflict, denied, invalid] = await Promise.all([
      run("get-cis-session", "--scan-job-id", randomUUID()),
      run("start-cis-session", ...job, "--message", `sessionToken=${randomUUID()}`),
      run("send-cis-session-health", ...job, "--session-token", randomUUID()),
      run(
        "send-cis-session-telemetry",
        "--scan-job-id",
        "x",
        "--session-token",
        sessionToken,
        "--messages",
        `ruleId=${"1".repeat(501)},status=PASSED,cisRuleDetails=`,
      ),
    ]);
    const refused = (stderr: RegExp) => ({ status: 254, stdout: "", stderr: expect.stringMatching(stderr) });
    expect(unknown).toEqual(refused(/^ValidationException: .+\n {2}field: --scan-job-id: .+\n/));
    expect(conflict).toEqual(refused(new RegExp(`^ConflictException: .+\n  resource: CIS_SESSION ${scanJobId}\n$`)));
    expect(denied).toEqual(refused(/^AccessDeniedException: .+\n$/));
    expect(invalid).toEqual(
      refused(/^ValidationException: .+\n {2}field: --scan-job-id: .+\n {2}field: --messages\[0\]\.ruleId: .+\n$/),
    );
    for (const { stderr } of [unknown, conflict, denied, invalid]) {
      expect(stderr).not.toContain(sessionToken);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colour begins with a control character.
      expect(stderr).not.toMatch(/\u001b/);
    }
  });

  test("a watch prints a line for each change until it is interrupted", async () => {
    const gateway = await startGateway(store);
    const run = commandLine(gateway.url, protocol);
    const { scanJobId, sessionToken } = newAgent();
    await run("create-cis-scan-job", "--scan-job-id", scanJobId);
    const watch = startWatch(gateway.url, protocol);
    expect(await watch.next()).toMatchObject({ session: { scanJobId, state: "PENDING" }, cursor: expect.any(String) });
    await run("start-cis-session", "--scan-job-id", scanJobId, "--message", `sessionToken=${sessionToken}`);
    const started = await watch.next();
    expect(started).toMatchObject({ session: { scanJobId, state: "STARTED" } });
    expect(await watch.end("SIGINT")).toEqual({ status: 0, signal: null, stderr: "" });

    await run("send-cis-session-health", "--scan-job-id", scanJobId, "--session-token", sessionToken);
    const resumed = startWatch(gateway.url, protocol, "--cursor", started.cursor);
    expect(await resumed.next()).toMatchObject({
      session: { state: "STARTED" },
      cursor: expect.not.stringMatching(started.cursor),
    });
    await gateway.end("SIGTERM");
    expect(await resumed.ended).toMatchObject({
      status: 254,
      stderr: expect.stringMatching(/^ServiceUnavailableException: /),
    });
  });

  test("nobody listens, or nobody answers: status 255", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => {
      silent.close();
    });
    const { port } = silent.address() as { port: number };
    const [unreachable, late] = await Promise.all([
      runCommand(["list-cis-sessions", "--protocol", protocol, "--endpoint", "http://127.0.0.1:1"]),
      runCommand([
        "list-cis-sessions",
        "--protocol",
        protocol,
        "--endpoint",
        `http://127.0.0.1:${port}`,
        "--timeout",
        "100ms",
      ]),
    ]);
    expect(unreachable).toEqual({
      status: 255,
      stdout: "",
      stderr: "unavailable: no answer from http://127.0.0.1:1: ECONNREFUSED\n",
    });
    expect(late).toMatchObject({
      status: 255,
      stdout: "",
      stderr: expect.stringMatching(/^deadline_exceeded: no answer from /),
    });
  });
});

/** Starts watch-cis-sessions. */
function startWatch(endpoint: string, protocol: string, ...more: string[]) {
  const main = new URL("../../src/main.ts", import.meta.url).pathname;
  const args = [main, "watch-cis-sessions", "--endpoint", endpoint, "--protocol", protocol, ...more];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, "close").then(([status, signal]) => ({ status, signal, stderr }));
  return {
    ended,
    next: async () => JSON.parse((await lines.next()).value ?? ""),
    end: (signal: NodeJS.Signals) => {
      child.kill(signal);
      return ended;
    },
  };
}

describe("what is wrong with the command line is said at once, with status 252 and nothing sent", () => {
  const agent = ["--scan-job-id", randomUUID(), "--session-token", randomUUID()];
  test.concurrent.each<[string[], string[]]>([
    [["stop-cis-session"], ["error: --scan-job-id, --session-token, --message are required"]],
    [
      ["stop-cis-session", ...agent, "--message", "reason=x"],
      ["error: --message.status, --message.progress are required"],
    ],
    [
      ["send-cis-session-telemetry", ...agent, "--messages", "ruleId=1,status=PASSED", "status=PASSED,cisRuleDetails="],
      ["error: --messages[0].cisRuleDetails, --messages[1].ruleId are required"],
    ],
    [
      ["list-cis-sessions", "--page-size", "many", "--states", "started"],
      [
        "error: --page-size must be an integer from -2147483648 to 2147483647",
        "error: --states is wrong: [0] value must be one of PENDING, STARTED, STOPPED, LOST",
      ],
    ],
    [
      ["start-cis-session", "--message", "oops"],
      [
        "error: --message is neither JSON nor shorthand such as member=value: '=' is expected (at 4)",
        "error: --scan-job-id is required",
      ],
    ],
    [
      ["get-cis-session", "--scan-jobid", "x"],
      ["error: unknown option '--scan-jobid'", "(Did you mean --scan-job-id?)"],
    ],
    [["get-cis-session", "--scan-job-id"], ["error: option '--scan-job-id <string>' argument missing"]],
    [
      ["get-cis-session", "extra"],
      ["error: too many arguments for 'get-cis-session'. Expected 0 arguments but got 1: extra."],
    ],
    [
      ["list-cis-sessions", "--protocol", "soap"],
      ["error: option '--protocol <name>' argument 'soap' is invalid. Allowed choices are grpc, connect, rest."],
    ],
    [
      ["list-cis-sessions", "--endpoint", "localhost:8080"],
      ["error: --endpoint must be a URL such as http://127.0.0.1:8080"],
    ],
    [
      ["list-cis-sessions", "--endpoint", "http://u:secret@h"],
      ["error: --endpoint must be a URL without credentials, query and fragment"],
    ],
    [
      ["list-cis-sessions", "--timeout", "soon"],
      ['error: --timeout is not a duration such as 500ms, 3s, 15m or 24h: "soon"'],
    ],
    [
      ["list-cis-sessions", "--cli-input-json", "{}", "--cli-input-yaml", "{}"],
      ["error: option '--cli-input-json <json>' cannot be used with option '--cli-input-yaml <yaml>'"],
    ],
    [
      ["list-cis-sessions", "--cli-input-json", '{"pagesize": 1}'],
      ["error: --cli-input-json is wrong: there is no member 'pagesize' (did you mean pageSize?)"],
    ],
    [
      ["list-cis-sessions", "--generate-cli-skeleton", "all"],
      [
        "error: option '--generate-cli-skeleton [kind]' argument 'all' is invalid. Allowed choices are input, yaml-input, output.",
      ],
    ],
    [
      ["get-cis-session", "--generate-cli-skeleton", "output", "--scan-job-id", "x"],
      [`error: --scan-job-id: does not match regex pattern \`^${uuidPattern}$\``],
    ],
  ])("%j", async (args, lines) => {
    const endpoint = { SESSION_GATEWAY_ENDPOINT: "http://127.0.0.1:1" };
    expect(await runCommand(args, endpoint)).toEqual({ status: 252, stdout: "", stderr: `${lines.join("\n")}\n` });
  });
});
