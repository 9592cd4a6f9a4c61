import { Command } from "commander";
import { migrateStore } from "../store/migrate-store.ts";
import { addConfigOptions, readConfig } from "./config-options.ts";
import { describeFailure } from "./describe-failure.ts";

/** `migrate`: brings the store's schema up to date, which serving also does at its start. */
export function migrateCommand(): Command {
  const command = new Command("migrate").description("bring the store's schema up to date");
  return addConfigOptions(command, ["store"]).action(async () => {
    const { store } = readConfig(command);
    try {
      const { from, to } = await migrateStore(store.reveal());
      process.stdout.write(
        from === to ? `The schema is at version ${to}.\n` : `The schema went from version ${from} to ${to}.\n`,
      );
    } catch (error) {
      command.error(`error: ${describeFailure(error)}`, { exitCode: 1 });
    }
  });
}
