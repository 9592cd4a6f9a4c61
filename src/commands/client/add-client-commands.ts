import type { DescMethod, DescMethodServerStreaming, DescMethodUnary } from "@bufbuild/protobuf";
import type { Command } from "commander";
import { clientServices } from "./client-services.ts";
import { operationCommand } from "./operation-command.ts";
import { operationSummary } from "./operation-help.ts";

/** Adds a command for each RPC of the API, which calls a gateway that runs. */
export function addClientCommands(program: Command): Command {
  const methods = new Map<Command, DescMethod>();
  for (const method of clientServices.flatMap(({ methods: all }) => all).filter(isCallable)) {
    const command = operationCommand(method);
    methods.set(command, method);
    program.addCommand(command);
  }
  return program.configureHelp({
    subcommandTerm: (command) => command.name(),
    subcommandDescription: (command) => {
      const method = methods.get(command);
      return method === undefined ? command.description() : operationSummary(method);
    },
  });
}

function isCallable(method: DescMethod): method is DescMethodUnary | DescMethodServerStreaming {
  return method.methodKind === "unary" || method.methodKind === "server_streaming";
}
