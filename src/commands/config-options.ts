import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { type Config, loadConfig, settings } from "../config/config.ts";
import { parseConfigFile } from "../config/config-file.ts";
import { environmentName, flagName } from "../config/setting.ts";

type Key = keyof typeof settings;

/** Adds a flag for each of the settings, and `--config` where a file may hold them. */
export function addConfigOptions(command: Command, keys: readonly Key[]): Command {
  for (const key of keys) {
    const { description, placeholder, default: text } = settings[key];
    const value = placeholder === "BOOLEAN" ? `[${placeholder}]` : `<${placeholder}>`;
    // The text is parsed with the other sources, so that all that is wrong is reported at once.
    command.addOption(new Option(`--${flagName(key)} ${value}`, `${description} (default: ${text})`));
  }
  return command.option("--config <FILE>", "a configuration file, YAML or JSON; flags and environment win over it");
}

/**
 * The configuration that the flags of a command, the environment and the file come to. Ends the process with status 2
 * and every problem on stderr where they come to none.
 */
export function readConfig(command: Command): Config {
  const options = command.opts<Record<string, string | true>>();
  const path = typeof options["config"] === "string" ? options["config"] : process.env[environmentName("config")];
  const file = path === undefined ? { value: new Map<string, string>() } : readFile(path);
  if ("problem" in file) {
    return command.error(`error: ${path} ${file.problem}`, { exitCode: 2 });
  }
  const loaded = loadConfig({ flags: flagsOf(options), environment: process.env, file: file.value });
  if ("problems" in loaded) {
    return command.error(loaded.problems.map((problem) => `error: ${problem}`).join("\n"), { exitCode: 2 });
  }
  return loaded.config;
}

/** Commander names an option in camel case, without the dots that keys have. */
function flagsOf(options: Record<string, string | true>): ReadonlyMap<string, string> {
  const keyOfOption = new Map(
    Object.keys(settings).map((key) => [new Option(`--${flagName(key)}`).attributeName(), key]),
  );
  const flags = new Map<string, string>();
  for (const [name, value] of Object.entries(options)) {
    const key = keyOfOption.get(name);
    if (key !== undefined) {
      flags.set(key, String(value));
    }
  }
  return flags;
}

function readFile(path: string) {
  try {
    return parseConfigFile(readFileSync(path, "utf8"));
  } catch (error) {
    return { problem: `cannot be read: ${error instanceof Error && "code" in error ? error.code : "unknown error"}` };
  }
}
