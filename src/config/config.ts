import { isIP } from "node:net";
import type { LaunchProfiles } from "../domain/launch-profile.ts";
import { authSettings } from "./auth-settings.ts";
import { cisSettings } from "./cis-settings.ts";
import { launchProfilesKey, readLaunchProfiles } from "./launch-profiles.ts";
import type { HostPort } from "./parsers.ts";
import { serverSettings } from "./server-settings.ts";
import { environmentName, flagName, type Parsed, type Setting } from "./setting.ts";
import { storeSettings } from "./store-settings.ts";
import { streamingSettings } from "./streaming-settings.ts";

/** Everything that can be set, by its key. */
export const settings = {
  ...serverSettings,
  ...storeSettings,
  ...authSettings,
  ...cisSettings,
  ...streamingSettings,
} as const;

type Settings = typeof settings;
type Key = keyof Settings;
type ValueOf<S> = S extends { readonly parse: (text: string) => Parsed<infer Value> } ? Value : never;

/** The validated configuration, by the keys of `settings`, with the launch profiles, which only the file can hold. */
export type Config = { readonly [K in Key]: ValueOf<Settings[K]> } & { readonly launchProfiles: LaunchProfiles };

/** Where values come from. The first that sets a key wins. */
export interface ConfigSources {
  /** The flags that were given, by key. */
  readonly flags: ReadonlyMap<string, string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The values of the configuration file, by key. */
  readonly file: ReadonlyMap<string, string>;
}

/** What loading came to: a configuration, or everything that is wrong with it, a sentence each, naming the source. */
export type LoadedConfig = { readonly config: Config } | { readonly problems: readonly string[] };

/** Puts the sources together, validates every value and then what they come to together. */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [key, setting] of Object.entries<Setting<unknown>>(settings)) {
    const { text, source } = find(key, setting, sources);
    const parsed = setting.parse(text);
    if ("problem" in parsed) {
      problems.push(`${source} ${parsed.problem}`);
    } else {
      values[key] = parsed.value;
    }
  }
  for (const key of sources.file.keys()) {
    if (!Object.hasOwn(settings, key) && key !== launchProfilesKey) {
      problems.push(`${key} in the configuration file is not a setting`);
    }
  }
  const launchProfiles = readLaunchProfiles(sources.file.get(launchProfilesKey));
  problems.push(...launchProfiles.problems);
  if (problems.length > 0) {
    return { problems };
  }
  const config = { ...values, launchProfiles: launchProfiles.profiles } as Config;
  const unsafe = findUnsafe(config);
  return unsafe.length > 0 ? { problems: unsafe } : { config };
}

function find(key: string, setting: Setting<unknown>, { flags, environment, file }: ConfigSources) {
  const variable = environmentName(key);
  const candidates = [
    { text: flags.get(key), source: `--${flagName(key)}` },
    { text: environment[variable], source: variable },
    { text: file.get(key), source: `${key} in the configuration file` },
  ];
  const found = candidates.find(({ text }) => text !== undefined);
  return { text: found?.text ?? setting.default, source: found?.source ?? key };
}

function findUnsafe(config: Config): readonly string[] {
  if (config.auth !== "none" || config.insecureAllowAnonymous) {
    return [];
  }
  return (["listen", "adminListen"] as const)
    .filter((key) => !isLoopback(config[key]))
    .map(
      (key) =>
        `--${flagName(key)} ${config[key].host} can be reached from other machines, where --auth none lets everyone in;` +
        " listen on 127.0.0.1, or say --insecure-allow-anonymous if that is what you want",
    );
}

function isLoopback({ host }: HostPort): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
