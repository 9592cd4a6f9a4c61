import { Command } from "commander";
import { openStore } from "../store/open-store.ts";
import { addConfigOptions, readConfig } from "./config-options.ts";

/** `migrate`: brings the store's schema up to date, which serving also does at its start. */
export function migrateCommand(): Command {
  const command = new Command("migrate").description("bring the store's schema up to date");
  return addConfigOptions(command, ["store"]).action(async () => {
    const { store } = readConfig(command);
    try {
      await (await openStore(store.reveal())).close();
    } catch (error) {
      command.error(`error: ${error instanceof Error ? error.message : String(error)}`, { exitCode: 1 });
    }
  });
}
