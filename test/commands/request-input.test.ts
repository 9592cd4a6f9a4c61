import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCommand } from "../support/gateway-process.ts";
import { recordingServer } from "./recording-server.ts";

const directory = mkdtempSync(join(tmpdir(), "session-gateway-input-"));

function file(name: string, text: string): string {
  writeFileSync(join(directory, name), text);
  return `file://${join(directory, name)}`;
}

const base = "/2020-08-01/studios";
const json = JSON.stringify({ studioId: "studio-json", sessionId: "session-json", clientToken: "token-json" });
const yaml = "studioId: studio-yaml\nsessionId: session-yaml\nclientToken: token-yaml\n";
const jsonFile = file("stop.json", json);
const yamlFile = file("stop.yaml", yaml);

/** Runs stop-streaming-session against a server that keeps what is sent, and gives the one request. */
async function sent(...args: string[]) {
  const server = await recordingServer();
  const { status, stderr } = await runCommand([
    ...["stop-streaming-session", "--protocol", "rest", "--endpoint", server.url],
    ...args,
  ]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(server.requests).toHaveLength(1);
  const [request] = server.requests;
  return { line: request?.line, token: request?.headers["x-amz-client-token"], body: request?.body };
}

const uuid = expect.stringMatching(/^[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}$/);

describe("the options of the documented stop-streaming-session", () => {
  const ids = ["--studio-id", "studio-1", "--session-id", "session 1"];
  const line = `POST ${base}/studio-1/streaming-sessions/session%201/stop`;

  test.each([
    ["a client token is made up", ids, { line, token: uuid, body: "{}" }],
    ["--client-token", [...ids, "--client-token", "my token"], { line, token: "my token", body: "{}" }],
    [
      "the other flags",
      [...ids, "--volume-retention-mode", "RETAIN"],
      { line, token: uuid, body: '{"volumeRetentionMode":"RETAIN"}' },
    ],
    ["--flag=value", ["--studio-id=studio-1", "--session-id=session 1"], { line, token: uuid, body: "{}" }],
    [
      "an id that begins with a dash",
      ["--studio-id=studio-1", "--session-id=-x"],
      { line: `POST ${base}/studio-1/streaming-sessions/-x/stop` },
    ],
    [
      "--cli-input-json inline",
      ["--cli-input-json", json],
      { line: `POST ${base}/studio-json/streaming-sessions/session-json/stop`, token: "token-json" },
    ],
    [
      "--cli-input-json of a file",
      ["--cli-input-json", jsonFile],
      { line: `POST ${base}/studio-json/streaming-sessions/session-json/stop`, token: "token-json" },
    ],
    [
      "--cli-input-yaml inline",
      ["--cli-input-yaml", yaml],
      { line: `POST ${base}/studio-yaml/streaming-sessions/session-yaml/stop`, token: "token-yaml" },
    ],
    [
      "--cli-input-yaml of a file",
      ["--cli-input-yaml", yamlFile],
      { line: `POST ${base}/studio-yaml/streaming-sessions/session-yaml/stop`, token: "token-yaml" },
    ],
    [
      "flags win over JSON",
      ["--cli-input-json", jsonFile, "--session-id", "mine"],
      { line: `POST ${base}/studio-json/streaming-sessions/mine/stop`, token: "token-json" },
    ],
    [
      "flags win over YAML",
      ["--studio-id", "mine", "--client-token", "t", "--cli-input-yaml", yamlFile],
      { line: `POST ${base}/mine/streaming-sessions/session-yaml/stop`, token: "t" },
    ],
    [
      "a client token is made up where the JSON has an empty one",
      ["--cli-input-json", '{"studioId":"s","sessionId":"i","clientToken":""}'],
      { token: uuid },
    ],
    [
      "a text of a file",
      ["--studio-id", "s", "--session-id", file("id", "from-file")],
      { line: `POST ${base}/s/streaming-sessions/from-file/stop` },
    ],
  ] as const)("%s", async (_, args, expected) => {
    expect(await sent(...args)).toEqual(expect.objectContaining(expected));
  });

  test("a client token is another one for each call", async () => {
    const [first, second] = await Promise.all([sent(...ids), sent(...ids)]);
    expect(first.token).not.toBe(second.token);
  });

  test.each([
    ["--cli-input-json", jsonFile, "--cli-input-yaml", yamlFile],
    ["--cli-input-yaml", yaml, "--cli-input-json", json],
  ])("JSON and YAML are not taken together: %s first", async (...args) => {
    const { status, stderr } = await runCommand(["stop-streaming-session", ...args]);
    expect(status).toBe(252);
    expect(stderr).toMatch(
      /^error: option '--cli-input-json <json>' cannot be used with option '--cli-input-yaml <yaml>'\n$/,
    );
  });

  test.each([
    ["--cli-input-json", "{secret", "is not JSON (at 1)"],
    ["--cli-input-json", '["secret"]', "must be a JSON object"],
    ["--cli-input-json", '{"studioId": 1}', "is wrong: the value at '/studioId' must be a string"],
    [
      "--cli-input-json",
      '{"volumeRetentionMode": "KEEP"}',
      "is wrong: volume_retention_mode: value must be one of RETAIN, DELETE",
    ],
    ["--cli-input-json", '{"studio": "secret"}', "is wrong: there is no member 'studio' (did you mean studioId?)"],
    ["--cli-input-json", "file:///no/such/file", "names the file /no/such/file, which cannot be read: ENOENT"],
    ["--cli-input-yaml", "studioId: [secret", "is not YAML (at 17)"],
    ["--cli-input-yaml", "secret", "must be a JSON object"],
    ["--cli-input-yaml", "studioId: 1", "is wrong: the value at '/studioId' must be a string"],
    ["--cli-input-yaml", "a: &a [x,x]\nb: *c", "is not YAML that can be read"],
  ])("%s %s is refused", async (flag, text, problem) => {
    expect(await runCommand(["stop-streaming-session", flag, text])).toEqual({
      status: 252,
      stdout: "",
      stderr: `error: ${flag} ${problem}\n`,
    });
  });
});

test("nested structures, maps and bytes are sent as given", async () => {
  const server = await recordingServer();
  writeFileSync(join(directory, "details"), new Uint8Array([0, 255]));
  const rest = ["--protocol", "rest", "--endpoint", server.url];
  const [scanJobId, sessionToken] = ["624b746d-e080-44ae-8c1d-48e653365a38", "624b746d-e080-44ae-8c1d-48e653365a31"];
  const profile = ["--studio-id", "s", "--launch-profile-id", "l"];
  const agent = ["--scan-job-id", scanJobId, "--session-token", sessionToken];
  const message = `ruleId=1,status=PASSED,cisRuleDetails@=fileb://${join(directory, "details")}`;
  const done = { status: 0, stdout: "{}\n", stderr: "" };
  expect(await runCommand(["create-streaming-session", ...rest, ...profile, "--tags", "team=red,env='a,b'"])).toEqual(
    done,
  );
  expect(await runCommand(["send-cis-session-telemetry", ...rest, ...agent, "--messages", message])).toMatchObject({
    status: 0,
    stdout: "",
  });
  expect(server.requests.map(({ body }) => JSON.parse(body))).toEqual([
    { launchProfileId: "l", tags: { team: "red", env: "a,b" } },
    { scanJobId, sessionToken, messages: [{ ruleId: "1", status: "PASSED", cisRuleDetails: "AP8=" }] },
  ]);
});
