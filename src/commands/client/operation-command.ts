import type { DescMethodServerStreaming, DescMethodUnary } from "@bufbuild/protobuf";
import { Command, type CommanderError } from "commander";
import { addCommonOptions } from "./common-options.ts";
import { exitStatus } from "./exit-status.ts";
import { fieldFlags } from "./field-flag.ts";
import { kebabCase } from "./kebab-case.ts";
import { addOperationHelp } from "./operation-help.ts";

/**
 * The command that calls an RPC: `stop-cis-session` with a flag for each field of its request. Nothing of the client is
 * loaded before the command runs.
 */
export function operationCommand(method: DescMethodUnary | DescMethodServerStreaming): Command {
  const flags = fieldFlags(method.input);
  const command = new Command(kebabCase(method.name)).helpGroup(`${method.parent.name}:`).exitOverride(exit);
  command.optionsGroup("Request:");
  for (const { options } of flags) {
    for (const option of options) {
      command.addOption(option);
    }
  }
  return addOperationHelp(addCommonOptions(command), method, flags).action(async () => {
    const { runOperation } = await import("./run-operation.ts");
    await runOperation(method, flags, command);
  });
}

function exit({ exitCode }: CommanderError): never {
  process.exit(exitCode === 0 ? 0 : exitStatus.wrongUsage);
}
