import { pino } from "pino";
import { loadConfig } from "../../src/config/config.ts";
import { createGateway, type Gateway } from "../../src/gateway.ts";
import type { Clock } from "../../src/services/clock.ts";

/** The settings of a gateway for tests: on loopback, on ports that the system gives, over a store in memory. */
const defaults = { listen: "127.0.0.1:0", adminListen: "127.0.0.1:0", store: "sqlite::memory:", drainTimeout: "2s" };

interface Options {
  /** Settings by key, as they would be written. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  /** Is handed every line of the log. */
  readonly onLog?: (line: string) => void;
}

/** A gateway in this process, to be closed by the caller. */
export async function openGateway({ settings = {}, clock, onLog }: Options = {}): Promise<Gateway> {
  const flags = new Map(Object.entries({ ...defaults, ...settings }));
  const loaded = loadConfig({ flags, environment: {}, file: new Map() });
  if ("problems" in loaded) {
    throw new Error(loaded.problems.join("; "));
  }
  const log = pino({ level: onLog ? "debug" : "silent" }, { write: (line: string) => onLog?.(line) });
  return createGateway(loaded.config, log, clock);
}
