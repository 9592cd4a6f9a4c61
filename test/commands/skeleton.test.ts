import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type DescMessage, equals } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { readCliInput } from "../../src/commands/client/cli-input.ts";
import { clientServices } from "../../src/commands/client/client-services.ts";
import { inputSkeleton, outputSample } from "../../src/commands/client/skeleton.ts";
import { yamlSkeleton } from "../../src/commands/client/yaml-skeleton.ts";
import { createJsonCodecs } from "../../src/rest/index.ts";
import { testMessage } from "../rest/test-protos.ts";
import { runCommand } from "../support/gateway-process.ts";

const codecs = createJsonCodecs();
const methods = clientServices.flatMap((service) => service.methods);
const inputs: readonly DescMessage[] = [...methods.map(({ input }) => input), testMessage("Shades")];
const outputs: readonly DescMessage[] = [...methods.map(({ output }) => output), testMessage("Shades")];

describe("what a skeleton prints is accepted", () => {
  test.each(inputs.map((desc) => [desc.name, desc] as const))("%s", async (_, desc) => {
    const skeleton = inputSkeleton(desc);
    const oneofs = desc.oneofs.flatMap(({ fields }) => fields.slice(1));
    expect(Object.keys(skeleton)).toEqual(
      desc.fields.filter((field) => !oneofs.includes(field)).map(({ jsonName }) => jsonName),
    );
    const json = await readCliInput(desc, "json", JSON.stringify(skeleton), codecs);
    const yaml = await readCliInput(desc, "yaml", yamlSkeleton(desc), codecs);
    expect(json).toEqual({ value: skeleton });
    expect(yaml).toEqual({ value: skeleton });
  });

  test.each(outputs.map((desc) => [desc.name, desc] as const))("the sample %s is an answer", (_, desc) => {
    const sample = outputSample(desc);
    const decoded = codecs.message(desc).decode(sample);
    expect(decoded).toMatchObject({ faults: [] });
    if (desc.fields.length > 0 && "value" in decoded && decoded.value !== undefined) {
      expect(equals(desc, decoded.value, create(desc))).toBe(false);
    }
  });
});

describe("--generate-cli-skeleton sends nothing", () => {
  const run = (...args: string[]) =>
    runCommand(["stop-streaming-session", ...args], { SESSION_GATEWAY_ENDPOINT: "http://127.0.0.1:1" });
  const skeleton = { studioId: "", sessionId: "", volumeRetentionMode: "RETAIN", clientToken: "" };
  const ids = ["--studio-id", "s", "--session-id", "i"];

  test.concurrent.each([
    ["without a value", ["--generate-cli-skeleton"]],
    ["before another flag", ["--generate-cli-skeleton", "--studio-id", "s"]],
    ["input", ["--generate-cli-skeleton", "input"]],
  ])("%s: a request as JSON", async (_, args) => {
    const { status, stdout, stderr } = await run(...args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toBe(`${JSON.stringify(skeleton, undefined, 2)}\n`);
  });

  test("yaml-input: a request as YAML, with types and limits", async () => {
    const { status, stdout, stderr } = await run("--generate-cli-skeleton", "yaml-input");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(parse(stdout)).toEqual(skeleton);
    expect(stdout).toContain('studioId: "" # string; required; at most 256 characters\n');
  });

  test("output: an example of the answer, where the request is right", async () => {
    const { status, stdout, stderr } = await run("--generate-cli-skeleton", "output", ...ids);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({
      session: {
        sessionId: "sessionId",
        state: "CREATE_IN_PROGRESS",
        tags: { KeyName: "tags" },
        stopAt: "1970-01-01T00:00:00Z",
      },
    });
  });

  test.concurrent.each([
    [["--session-id", "i"], "error: --studio-id is required\n"],
    [[...ids, "--client-token", "x".repeat(65)], "error: --client-token: must be at most 64 characters\n"],
    [["--studio-id", "x".repeat(257), "--session-id", "i"], "error: --studio-id: must be at most 256 characters\n"],
  ])("output: what is wrong with the request, row %#", async (args, stderr) => {
    expect(await run("--generate-cli-skeleton", "output", ...args)).toEqual({ status: 252, stdout: "", stderr });
  });

  test("a skeleton that is filled in is a request", async () => {
    const { stdout } = await run("--generate-cli-skeleton", "yaml-input");
    const path = join(mkdtempSync(join(tmpdir(), "session-gateway-skeleton-")), "stop.yaml");
    writeFileSync(path, stdout.replace('studioId: ""', "studioId: s").replace('sessionId: ""', "sessionId: i"));
    const filled = await run("--cli-input-yaml", `file://${path}`, "--generate-cli-skeleton", "output");
    expect(filled).toMatchObject({ status: 0, stderr: "" });
  });
});
