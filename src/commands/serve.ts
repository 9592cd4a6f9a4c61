import { Command } from "commander";
import { settings } from "../config/config.ts";
import type { Gateway } from "../gateway.ts";
import { createLog, type Logger } from "../observability/log.ts";
import { addConfigOptions, readConfig } from "./config-options.ts";
import { describeFailure } from "./describe-failure.ts";

/**
 * `serve`: runs the gateway until SIGTERM or SIGINT, which drain it and end with status 0; a second one ends at once, with
 * status 1. The first one during the start takes effect once the gateway listens.
 */
export function serveCommand(): Command {
  const command = new Command("serve").description("run the gateway");
  return addConfigOptions(command, Object.keys(settings) as (keyof typeof settings)[]).action(async () => {
    const signalled = firstSignal();
    const config = readConfig(command);
    const log = createLog(config.logLevel);
    // Every other command would wait for what only this one needs.
    const { createGateway } = await import("../gateway.ts");
    const gateway = await createGateway(config, log).catch((error: unknown) => fail(command, log, error));
    // Scripts wait for this line, so it does not depend on the log level.
    createLog("info").info({ url: gateway.url, adminUrl: gateway.adminUrl }, "listening");
    process.exit(await drain(gateway, log, await signalled));
  });
}

/** The first SIGTERM or SIGINT from now on. The second one ends the process. */
function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isSecond = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (isSecond) {
        process.exit(1);
      }
      isSecond = true;
      resolve(signal);
    };
    process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  });
}

function fail(command: Command, log: Logger, error: unknown): never {
  log.debug({ err: error }, "start failed");
  return command.error(`error: ${describeFailure(error)}`, { exitCode: 1 });
}

/** Closes the gateway and tells the status to end with. */
async function drain(gateway: Gateway, log: Logger, signal: NodeJS.Signals): Promise<number> {
  log.info({ signal }, "draining");
  try {
    await gateway.close();
    log.info("stopped");
    return 0;
  } catch (error) {
    log.error({ err: error }, "stopped with errors");
    return 1;
  }
}
