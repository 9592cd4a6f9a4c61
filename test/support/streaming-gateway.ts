import { NimbleClient } from "@aws-sdk/client-nimble";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { loadConfig } from "../../src/config/config.ts";
import { parseConfigFile } from "../../src/config/config-file.ts";
import { createGateway, type Gateway } from "../../src/gateway.ts";
import type { Clock } from "../../src/services/clock.ts";

interface Options {
  /** Settings by key, as they would be written. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The text of a configuration file, which alone can hold launch profiles. */
  readonly file?: string;
  readonly clock?: Clock;
}

/** The settings of a gateway for tests: on loopback, in memory, and quick to complete what it simulates. */
const defaults = {
  listen: "127.0.0.1:0",
  adminListen: "127.0.0.1:0",
  store: "sqlite::memory:",
  drainTimeout: "2s",
  simulatedDelay: "50ms",
};

/** A gateway that is closed when the test has finished. */
export async function streamingGateway({ settings = {}, file = "", clock }: Options = {}): Promise<Gateway> {
  const parsed = parseConfigFile(file);
  if ("problem" in parsed) {
    throw new Error(parsed.problem);
  }
  const flags = new Map(Object.entries({ ...defaults, ...settings }));
  const loaded = loadConfig({ flags, environment: {}, file: parsed.value });
  if ("problems" in loaded) {
    throw new Error(loaded.problems.join("; "));
  }
  const gateway = await createGateway(loaded.config, pino({ level: "silent" }), clock);
  onTestFinished(() => gateway.close());
  return gateway;
}

/** A client of the AWS SDK, which does not retry, so that the first answer is the one that counts. */
export function nimbleClient({ url }: Pick<Gateway, "url">): NimbleClient {
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
  const client = new NimbleClient({ endpoint: url, region: "us-east-1", credentials, maxAttempts: 1 });
  onTestFinished(() => client.destroy());
  return client;
}
