import { type Command, Option } from "commander";
import { clientProtocols } from "./client-transport.ts";

const skeletonKinds = ["input", "yaml-input", "output"] as const;

/** The options that every client command has, as commander gives them. */
export interface CommonOptions {
  readonly cliInputJson?: string;
  readonly cliInputYaml?: string;
  readonly generateCliSkeleton?: (typeof skeletonKinds)[number];
  readonly protocol: (typeof clientProtocols)[number];
  readonly endpoint: string;
  readonly timeout: string;
}

/** Adds the options that every client command has. */
export function addCommonOptions(command: Command): Command {
  return command
    .optionsGroup("Input and output:")
    .addOption(
      new Option(
        "--cli-input-json <json>",
        "the whole request as JSON, or file://PATH; flags win over its members; the form is that of --generate-cli-skeleton",
      ).conflicts("cliInputYaml"),
    )
    .addOption(
      new Option("--cli-input-yaml <yaml>", "the same as YAML, or file://PATH; not together with --cli-input-json"),
    )
    .addOption(
      new Option(
        "--generate-cli-skeleton [kind]",
        "send nothing: print a request to fill in, as JSON or YAML, or check the request and print an example of the answer",
      )
        .choices(skeletonKinds)
        .preset("input"),
    )
    .optionsGroup("Connection:")
    .addOption(
      new Option("--endpoint <url>", "where the gateway is")
        .default("http://127.0.0.1:8080")
        .env("SESSION_GATEWAY_ENDPOINT"),
    )
    .addOption(new Option("--protocol <name>", "how to call it").choices(clientProtocols).default("grpc"))
    .addOption(new Option("--timeout <duration>", "how long to wait for an answer; 0 is without end").default("60s"));
}
