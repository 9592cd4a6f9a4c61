import { Command } from "commander";
import { settings } from "../config/config.ts";
import type { Gateway } from "../gateway.ts";
import { createLog, type Logger } from "../observability/log.ts";
import { addConfigOptions, readConfig } from "./config-options.ts";

/** `serve`: runs the gateway until SIGTERM or SIGINT, which drain it and end with status 0; a second one ends at once. */
export function serveCommand(): Command {
  const command = new Command("serve").description("run the gateway");
  return addConfigOptions(command, Object.keys(settings) as (keyof typeof settings)[]).action(async () => {
    const config = readConfig(command);
    const log = createLog(config.logLevel);
    // Every other command would wait for what only this one needs.
    const { createGateway } = await import("../gateway.ts");
    const gateway = await createGateway(config, log).catch((error: unknown) => fail(command, log, error));
    closeOnSignal(gateway, log);
    // Scripts wait for this line, so it does not depend on the log level.
    createLog("info").info({ url: gateway.url, adminUrl: gateway.adminUrl }, "listening");
  });
}

function fail(command: Command, log: Logger, error: unknown): never {
  log.debug({ err: error }, "start failed");
  return command.error(`error: ${error instanceof Error ? error.message : String(error)}`, { exitCode: 1 });
}

function closeOnSignal(gateway: Gateway, log: Logger): void {
  let closing = false;
  const onSignal = async (signal: NodeJS.Signals) => {
    if (closing) {
      process.exit(1);
    }
    closing = true;
    log.info({ signal }, "draining");
    try {
      await gateway.close();
      log.info("stopped");
      process.exit(0);
    } catch (error) {
      log.error({ err: error }, "stopped with errors");
      process.exit(1);
    }
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
}
