import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { loadConfig, settings } from "../../src/config/config.ts";
import { parseConfigFile } from "../../src/config/config-file.ts";
import { parseDuration, parseDurationUpTo, parseHostPort } from "../../src/config/parsers.ts";
import { environmentName, flagName } from "../../src/config/setting.ts";

function load({ flags = {}, environment = {}, file = {} }: Record<string, Record<string, string>>) {
  return loadConfig({ flags: new Map(Object.entries(flags)), environment, file: new Map(Object.entries(file)) });
}

function problemsOf(sources: Parameters<typeof load>[0]): readonly string[] {
  const loaded = load(sources);
  return "problems" in loaded ? loaded.problems : [];
}

describe("where a value comes from", () => {
  const key = "cis.heartbeatTimeout";
  test.each([
    { sources: {}, value: 900_000, from: "the default" },
    { sources: { file: { [key]: "1m" } }, value: 60_000, from: "the file" },
    {
      sources: { file: { [key]: "1m" }, environment: { SESSION_GATEWAY_CIS_HEARTBEAT_TIMEOUT: "2m" } },
      value: 120_000,
      from: "the environment over the file",
    },
    {
      sources: { flags: { [key]: "3m" }, environment: { SESSION_GATEWAY_CIS_HEARTBEAT_TIMEOUT: "2m" } },
      value: 180_000,
      from: "the flag over the environment",
    },
  ])("$from", ({ sources, value }) => {
    expect(load(sources)).toMatchObject({ config: { [key]: value } });
  });

  test("a key has one flag and one variable", () => {
    expect(flagName("cis.maxFindingsPerSession")).toBe("cis-max-findings-per-session");
    expect(environmentName("adminListen")).toBe("SESSION_GATEWAY_ADMIN_LISTEN");
    expect(new Set(Object.keys(settings).map(flagName)).size).toBe(Object.keys(settings).length);
  });
});

describe("what is wrong is said, all at once, by the name it was given under", () => {
  test("several faults of several sources", () => {
    expect(
      problemsOf({
        flags: { listen: "here", "cis.scanJobs": "some" },
        environment: { SESSION_GATEWAY_DRAIN_TIMEOUT: "10 seconds" },
        file: { "cis.maxFindingsPerSession": "0", "cis.hartbeatTimeout": "15m" },
      }),
    ).toEqual([
      expect.stringContaining("--listen is not HOST:PORT"),
      expect.stringContaining("SESSION_GATEWAY_DRAIN_TIMEOUT is not a duration"),
      expect.stringContaining("--cis-scan-jobs is none of open, registered"),
      expect.stringContaining("cis.maxFindingsPerSession in the configuration file is not a whole number"),
      "cis.hartbeatTimeout in the configuration file is not a setting",
    ]);
  });

  test.each(["0.0.0.0:80", "[::]:80", "10.0.0.1:80", "example.org:80", "127.evil.example:80"])(
    "everyone is let in on %s only on request",
    (listen) => {
      expect(problemsOf({ flags: { listen } })).toEqual([expect.stringContaining("--insecure-allow-anonymous")]);
      expect(problemsOf({ flags: { listen, insecureAllowAnonymous: "true" } })).toEqual([]);
    },
  );

  test.each(["127.0.0.1:0", "127.3.2.1:80", "[::1]:80", "localhost:80"])("%s is loopback", (listen) => {
    expect(problemsOf({ flags: { listen } })).toEqual([]);
  });

  test("the password of a store never prints", () => {
    const url = "postgres://gateway:hunter2@db/sessions";
    expect(problemsOf({ flags: { store: url } }).join()).not.toContain("hunter2");
    const loaded = load({ flags: { store: "sqlite:hunter2.db" } });
    const printed = [
      JSON.stringify(loaded),
      inspect(loaded, { depth: 9, showHidden: true }),
      `${Object.values(loaded)}`,
    ];
    expect(printed.join()).not.toContain("hunter2");
    expect("config" in loaded && loaded.config.store.reveal()).toBe("sqlite:hunter2.db");
  });
});

describe("durations and addresses", () => {
  test.each([
    ["500ms", 500],
    ["3s", 3000],
    ["15m", 900_000],
    ["24h", 86_400_000],
    ["0", 0],
    ["0s", 0],
  ])("%s is %d ms", (text, value) => expect(parseDuration(text)).toEqual({ value }));

  test.each(["", "15", "1.5s", "-1s", "1d", " 1s", "1s ", "99999999999h", "1s;"])("%j is no duration", (text) =>
    expect(parseDuration(text)).toHaveProperty("problem"),
  );

  test.each([
    ["1h", { value: 3_600_000 }],
    ["60m", { value: 3_600_000 }],
    ["61m", { problem: 'is longer than 1h: "61m"' }],
    ["9999h", { problem: 'is longer than 1h: "9999h"' }],
  ])("%s within an hour", (text, parsed) => expect(parseDurationUpTo(3_600_000)(text)).toEqual(parsed));

  test.each([
    [90_000, "90s"],
    [1500, "1500ms"],
    [0, "0ms"],
  ])("a bound of %d ms reads %s", (mostMs, text) =>
    expect(parseDurationUpTo(mostMs)("9999h")).toEqual({ problem: `is longer than ${text}: "9999h"` }),
  );

  test("draining takes no longer than a timer can hold", () => {
    expect(problemsOf({ flags: { drainTimeout: "9999h" } })).toEqual(['--drain-timeout is longer than 1h: "9999h"']);
    expect(problemsOf({ flags: { drainTimeout: "1h" } })).toEqual([]);
  });

  test.each(["", "8080", ":8080", "host", "host:65536", "host:-1", "::1:80", "http://host:80", "a b:80", "host:8o"])(
    "%j is no address",
    (text) => expect(parseHostPort(text)).toHaveProperty("problem"),
  );
});

describe("the configuration file", () => {
  test("nested keys become dotted ones, in YAML and in JSON", () => {
    const expected = new Map([
      ["listen", "127.0.0.1:1"],
      ["cis.heartbeatTimeout", "0"],
      ["cis.scanJobs", "open"],
    ]);
    expect(parseConfigFile("listen: 127.0.0.1:1\ncis: { heartbeatTimeout: 0, scanJobs: open }")).toEqual({
      value: expected,
    });
    expect(parseConfigFile('{"listen":"127.0.0.1:1","cis":{"heartbeatTimeout":0,"scanJobs":"open"}}')).toEqual({
      value: expected,
    });
  });

  test("an empty file sets nothing", () => expect(parseConfigFile("# nothing\n")).toEqual({ value: new Map() }));

  test.each([
    ["- a\n- b", "is not a mapping"],
    ["cis: [1]", "at cis"],
    ["cis: { scanJobs: null }", "at cis.scanJobs"],
    ["password: 'hunter2\nlisten: {", "is not YAML"],
  ])("%j is refused", (text, problem) => {
    const parsed = parseConfigFile(text);
    expect(parsed).toEqual({ problem: expect.stringContaining(problem) });
    expect(JSON.stringify(parsed)).not.toContain("hunter2");
  });
});

test("the README's table has every setting as it is", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const table = /## Settings\n[\s\S]*?\|---\|---\|---\|---\|\n((?:\|.*\n)+)/.exec(readme)?.[1];
  const rows = Object.entries(settings).map(
    ([key, { placeholder, default: text, description }]) =>
      `| \`${key}\` | \`--${flagName(key)} ${placeholder}\` | \`${text}\` | ${description} |\n`,
  );
  expect(table).toBe(rows.join(""));
});
