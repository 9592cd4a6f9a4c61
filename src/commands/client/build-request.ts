import { randomUUID } from "node:crypto";
import { create, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import type { JsonCodecs } from "../../rest/json-codec.ts";
import { readCliInput } from "./cli-input.ts";
import type { CommonOptions } from "./common-options.ts";
import type { FieldFlag } from "./field-flag.ts";
import { flagPath } from "./flag-path.ts";
import { missingFields } from "./missing-fields.ts";
import { type FlagArguments, parseFlag } from "./parse-flag.ts";

type AnyMessage = MessageShape<DescMessage>;
type Members = Readonly<Record<string, unknown>>;

/** The options of a command as commander gives them, with what was given for each field flag. */
export type OperationOptions = CommonOptions & Readonly<Record<string, FlagArguments | undefined>>;

/** The request, or everything that is wrong with what was given for it. */
export type BuiltRequest = { readonly request: AnyMessage } | { readonly problems: readonly string[] };

/** The field that makes a repeated call the same call. It is made up where the caller gives none. */
const clientTokenName = "client_token";

/** Puts a request together from the file or text with the whole request and the flags, which win over it. */
export async function buildRequest(
  desc: DescMessage,
  flags: readonly FieldFlag[],
  options: OperationOptions,
  codecs: JsonCodecs,
): Promise<BuiltRequest> {
  const input = await inputMembers(desc, options, codecs);
  const given = flagMembers(flags, options, codecs);
  const decoded = codecs
    .message(desc)
    .decode({ ...withoutRivals(desc, input.members, given.members), ...given.members });
  if ("malformed" in decoded) {
    const { path, expected } = decoded.malformed;
    return { problems: [`the value at '${path}' must be ${expected}`] };
  }
  const request = withClientToken(desc, decoded.value ?? create(desc));
  // What was given and is wrong is not missing too, and a text that cannot be read might have had everything.
  const missing =
    input.problems.length > 0
      ? []
      : missingFields(desc, request)
          .map((paths) => paths.map(flagPath))
          .filter((paths) => !paths.some((path) => given.wrong.has(path)));
  const problems = [...input.problems, ...given.problems, ...missingProblem(missing)];
  return problems.length > 0 ? { problems } : { request };
}

async function inputMembers(desc: DescMessage, { cliInputJson, cliInputYaml }: CommonOptions, codecs: JsonCodecs) {
  const format = cliInputJson === undefined ? "yaml" : "json";
  const text = cliInputJson ?? cliInputYaml;
  const parsed = text === undefined ? { value: {} } : await readCliInput(desc, format, text, codecs);
  return "problem" in parsed
    ? { members: {}, problems: [`--cli-input-${format} ${parsed.problem}`] }
    : { members: parsed.value, problems: [] };
}

function flagMembers(flags: readonly FieldFlag[], options: OperationOptions, codecs: JsonCodecs) {
  const members: Record<string, unknown> = {};
  const problems: string[] = [];
  const wrong = new Set<string>();
  for (const {
    field,
    name,
    options: [option],
  } of flags) {
    const given = options[option.attributeName()];
    const parsed = given === undefined ? undefined : parseFlag(field, given, codecs);
    if (parsed === undefined) {
      continue;
    }
    if ("problem" in parsed) {
      problems.push(`${name} ${parsed.problem}`);
      wrong.add(name);
    } else {
      members[field.jsonName] = parsed.value;
    }
  }
  return { members: members as Members, problems, wrong };
}

function withClientToken(desc: DescMessage, message: AnyMessage): AnyMessage {
  const field = desc.fields.find(({ name }) => name === clientTokenName);
  const properties = message as unknown as Record<string, unknown>;
  if (field !== undefined && !properties[field.localName]) {
    properties[field.localName] = randomUUID();
  }
  return message;
}

function missingProblem(missing: readonly (readonly string[])[]): readonly string[] {
  const verb = missing.length === 1 ? "is" : "are";
  const names = missing.map((paths) => paths.join(" or ")).join(", ");
  return missing.length === 0 ? [] : [`${names} ${verb} required`];
}

/** The members of the whole request, less those that cannot stand beside a member of the same oneof given by a flag. */
function withoutRivals({ fields }: DescMessage, input: Members, given: Members): Members {
  const chosen = new Set(fields.filter(({ jsonName, oneof }) => oneof && jsonName in given).map(({ oneof }) => oneof));
  const rivals = new Set(fields.filter(({ oneof }) => oneof && chosen.has(oneof)).map(({ jsonName }) => jsonName));
  return Object.fromEntries(Object.entries(input).filter(([name]) => !rivals.has(name)));
}
