import { Command } from "commander";
import { addClientCommands } from "./client/add-client-commands.ts";
import { descriptorsCommand } from "./descriptors.ts";
import { migrateCommand } from "./migrate.ts";
import { serveCommand } from "./serve.ts";

/** The command line: `session-gateway <command>`. */
export function createProgram(): Command {
  const program = new Command("session-gateway")
    .description("CIS sessions and streaming sessions over gRPC, gRPC-Web, Connect and REST")
    .addCommand(serveCommand())
    .addCommand(migrateCommand())
    .addCommand(descriptorsCommand())
    // The status that the client commands have for a command line that is wrong.
    .exitOverride(({ code, exitCode }) => process.exit(code === "commander.unknownCommand" ? 252 : exitCode));
  return addClientCommands(program);
}
