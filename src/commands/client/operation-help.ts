import type { DescMethod } from "@bufbuild/protobuf";
import type { Command, Option } from "commander";
import { apiComments } from "./api-comments.ts";
import { describeShape } from "./describe-shape.ts";
import { exitStatus } from "./exit-status.ts";
import type { FieldFlag } from "./field-flag.ts";
import { fieldLimits } from "./field-limits.ts";
import { elementType, isEmptyStructure, isStructure } from "./field-type.ts";

/**
 * Gives a command its help: what the protos say about the RPC and each field, with types and limits. All of it is made
 * when help is asked for.
 */
export function addOperationHelp(command: Command, method: DescMethod, flags: readonly FieldFlag[]): Command {
  const flagOf = new Map(flags.flatMap((flag) => flag.options.map((option) => [option, flag] as const)));
  return command
    .configureHelp({
      commandDescription: () => apiComments().ofMethod(method),
      optionDescription: (option) => optionDescription(option, flagOf.get(option)),
    })
    .addHelpText("after", () => [...structures(flags), ...output(method), ...statuses(method)].join("\n"));
}

/** The first paragraph of what the proto says about an RPC. */
export function operationSummary(method: DescMethod): string {
  return (
    apiComments()
      .ofMethod(method)
      .split(/(?<=\.)\s/)[0] ?? ""
  );
}

function optionDescription(option: Option, flag: FieldFlag | undefined): string {
  if (flag === undefined) {
    const more = [
      ...(option.argChoices === undefined ? [] : [option.argChoices.join(", ")]),
      ...(option.defaultValue === undefined ? [] : [`default: ${option.defaultValue}`]),
      ...(option.envVar === undefined ? [] : [`environment: ${option.envVar}`]),
    ];
    return more.length === 0 ? option.description : `${option.description} (${more.join("; ")})`;
  }
  const notes = [...fieldLimits(flag.field), ...manner(flag)];
  return [apiComments().ofField(flag.field), ...(notes.length === 0 ? [] : [`(${notes.join("; ")})`])].join(" ").trim();
}

function manner({ field }: FieldFlag): readonly string[] {
  if (isEmptyStructure(field)) {
    return [];
  }
  const single =
    isStructure(field) || field.fieldKind === "map"
      ? "JSON, shorthand or file://PATH"
      : scalarManner(elementType(field));
  if (field.fieldKind !== "list") {
    return single === "" ? madeUp(field.name) : [single, ...madeUp(field.name)];
  }
  return [single === "" ? "one or more, or a JSON array" : `one or more, each ${single}; or a JSON array`];
}

function scalarManner(type: string): string {
  switch (type) {
    case "blob":
      return "base64 or fileb://PATH";
    case "timestamp":
      return "RFC 3339";
    case "document":
      return "JSON or file://PATH";
    default:
      return "";
  }
}

function madeUp(name: string): readonly string[] {
  return name === "client_token" ? ["made up where absent"] : [];
}

function structures(flags: readonly FieldFlag[]): readonly string[] {
  return flags.flatMap(({ field, name }) =>
    field.message === undefined || isEmptyStructure(field) || !isStructure(field)
      ? []
      : ["", `Members of ${name}:`, ...describeShape(field.message)],
  );
}

function output({ output: desc, methodKind }: DescMethod): readonly string[] {
  const heading = methodKind === "unary" ? "Output:" : "Output, one line of JSON for each change until interrupted:";
  return desc.fields.length === 0 ? ["", "Output: none"] : ["", heading, ...describeShape(desc)];
}

function statuses({ methodKind }: DescMethod): readonly string[] {
  return [
    "",
    "Exit status:",
    `  0    ${methodKind === "unary" ? "success" : "interrupted"}`,
    `  ${exitStatus.wrongUsage}  the command line is wrong; nothing was sent`,
    `  ${exitStatus.refused}  the service refused the call; standard error says why`,
    `  ${exitStatus.noAnswer}  there was no answer`,
  ];
}
