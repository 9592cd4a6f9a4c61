import { describe, expect, test } from "vitest";
import { clientServices } from "../../src/commands/client/client-services.ts";
import { kebabCase } from "../../src/commands/client/kebab-case.ts";
import { createProgram } from "../../src/commands/program.ts";
import { runCommand } from "../support/gateway-process.ts";

const methods = clientServices.flatMap((service) => service.methods);

test.each([
  ["StartCisSession", "start-cis-session"],
  ["scan_job_id", "scan-job-id"],
  ["ec2_instance_type", "ec2-instance-type"],
  ["GetX", "get-x"],
])("%s is %s", (name, kebab) => {
  expect(kebabCase(name)).toBe(kebab);
});

describe("every RPC is a command whose help has every flag", () => {
  test.each(methods.map((method) => [kebabCase(method.name), method] as const))("%s", (name, method) => {
    const command = createProgram().commands.find((each) => each.name() === name);
    let help = "";
    command?.configureOutput({
      writeOut: (text) => {
        help += text;
      },
    });
    command?.outputHelp();
    const own = method.input.fields.map((field) => `--${kebabCase(field.name)}`);
    const common = [
      "--cli-input-json",
      "--cli-input-yaml",
      "--generate-cli-skeleton",
      "--endpoint",
      "--protocol",
      "--timeout",
    ];
    for (const flag of [...own, ...common]) {
      expect(help).toMatch(new RegExp(`^ {2}${flag}\\b`, "m"));
    }
    for (const { jsonName } of method.output.fields) {
      expect(help).toMatch(new RegExp(`^ {2}${jsonName} \\(`, "m"));
    }
  });
});

/** The text with its line breaks and its indentation taken out. */
const flat = (text: string) => text.replaceAll(/\s+/g, " ");

test("the help of a command: descriptions, types, limits, members, output and statuses", async () => {
  const { status, stdout, stderr } = await runCommand(["stop-cis-session", "--help"]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const help = flat(stdout);
  for (const text of [
    "Ends the session with a result. Repeating a Stop with the same message is safe.",
    "--scan-job-id <string> The scan job, a lower-case UUID. (required; pattern ^[a-f0-9]{8}-",
    "--message <structure> The result. (required; JSON, shorthand or file://PATH)",
    "Members of --message: status (enum; required; one of SUCCESS, FAILED, INTERRUPTED, UNSUPPORTED_OS) How the session ended.",
    "totalChecks (integer; 0 to 65536) All checks.",
    "reason (string; at most 1024 characters)",
    "environment: SESSION_GATEWAY_ENDPOINT",
    "(grpc, connect, rest; default: grpc)",
    "Output: none",
    "252 the command line is wrong",
    "254 the service refused the call",
    "255 there was no answer",
  ]) {
    expect(help).toContain(text);
  }
});

test.each([
  [
    "send-cis-session-telemetry",
    "--messages <structure...> The results to keep, 1 to 150 of them. (required; 1 to 150 values; one or more, each JSON, shorthand or file://PATH; or a JSON array)",
  ],
  ["send-cis-session-telemetry", "cisRuleDetails (blob; required; at most 1000 bytes)"],
  ["list-cis-sessions", "(one of PENDING, STARTED, STOPPED, LOST; at most 16 values; one or more, or a JSON array)"],
  ["list-cis-sessions", "--page-size <integer>"],
  ["watch-cis-sessions", "Output, one line of JSON for each change until interrupted:"],
  ["report-transition", "one of CREATE_IN_PROGRESS, DELETE_IN_PROGRESS, STOP_IN_PROGRESS, START_IN_PROGRESS)"],
  [
    "create-streaming-session",
    "(at most 50 pairs; keys 1 to 128 characters; values at most 256 characters; JSON, shorthand or file://PATH)",
  ],
  ["create-streaming-session-stream", "60 to 3600"],
  ["stop-streaming-session", "(1 to 64 characters; made up where absent)"],
])("%s tells: %s", (name, text) => {
  const command = createProgram().commands.find((each) => each.name() === name);
  let help = "";
  command
    ?.configureOutput({
      writeOut: (written) => {
        help += written;
      },
    })
    .outputHelp();
  expect(flat(help)).toContain(text);
});

test("the help of the program lists all commands, with what each does", async () => {
  const { stdout } = await runCommand(["--help"]);
  for (const { name } of methods) {
    expect(stdout).toMatch(new RegExp(`^ {2}${kebabCase(name)}\\b`, "m"));
  }
  expect(flat(stdout)).toContain("stop-cis-session Ends the session with a result.");
});

test("a command that is misspelled", async () => {
  const { status, stderr } = await runCommand(["stop-cis-sesion"]);
  expect(status).not.toBe(0);
  expect(stderr).toContain("(Did you mean stop-cis-session?)");
});
