/** What parsing a text came to. */
export type Parsed<Value> = { readonly value: Value } | { readonly problem: string };

/** One thing that can be set: by a flag, an environment variable or a key of the configuration file. */
export interface Setting<Value> {
  readonly description: string;
  /** What the value looks like, in help: `HOST:PORT`. */
  readonly placeholder: string;
  /** The value where nothing is set, as it would be written. */
  readonly default: string;
  readonly parse: (text: string) => Parsed<Value>;
}

/** The name of the flag for a key: `cis.heartbeatTimeout` is `--cis-heartbeat-timeout`. */
export function flagName(key: string): string {
  return key.replaceAll(".", "-").replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The name of the environment variable for a key: `cis.heartbeatTimeout` is `SESSION_GATEWAY_CIS_HEARTBEAT_TIMEOUT`. */
export function environmentName(key: string): string {
  return `SESSION_GATEWAY_${flagName(key).replaceAll("-", "_").toUpperCase()}`;
}
