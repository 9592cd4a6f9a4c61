import {
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  hasOption,
  type MessageShape,
} from "@bufbuild/protobuf";
import { ConnectError, type Transport } from "@connectrpc/connect";
import { createAsyncIterable } from "@connectrpc/connect/protocol";
import type { Command } from "commander";
import { parseDurationUpTo } from "../../config/parsers.ts";
import { http } from "../../gen/google/api/annotations_pb.ts";
import { createJsonCodecs, type JsonCodecs } from "../../rest/json-codec.ts";
import { buildRequest, type OperationOptions } from "./build-request.ts";
import { openTransport, parseEndpoint } from "./client-transport.ts";
import { describeError } from "./describe-error.ts";
import { exitStatus } from "./exit-status.ts";
import type { FieldFlag } from "./field-flag.ts";
import { inputSkeleton, outputSample } from "./skeleton.ts";
import { endWithReader, writeOutput } from "./write-output.ts";

/** A deadline of more than a day is a mistake, and one of more than 24 days would overflow a timer and pass at once. */
const parseTimeout = parseDurationUpTo(24 * 3_600_000);

type Method = DescMethodUnary | DescMethodServerStreaming;
type AnyMessage = MessageShape<DescMessage>;

/** Does what the arguments of a client command say, and sets the exit status where it fails. */
export async function runOperation(method: Method, flags: readonly FieldFlag[], command: Command): Promise<void> {
  endWithReader();
  const options = command.opts<OperationOptions>();
  const { generateCliSkeleton: skeleton } = options;
  if (skeleton === "input" || skeleton === "yaml-input") {
    await writeOutput(await skeletonText(method, skeleton));
    return;
  }
  const codecs = createJsonCodecs();
  const connection = readConnection(method, options);
  const built = await buildRequest(method.input, flags, options, codecs);
  const problems = [...connection.problems, ...("problems" in built ? built.problems : [])];
  if (problems.length > 0 || "problems" in built) {
    refuse(command, problems);
    return;
  }
  if (skeleton === "output") {
    await printSample(method, built.request, command);
    return;
  }
  await callAndPrint(method, built.request, codecs, { ...connection, protocol: options.protocol });
}

async function skeletonText({ input }: Method, kind: "input" | "yaml-input"): Promise<string> {
  if (kind === "input") {
    return jsonText(inputSkeleton(input));
  }
  const { yamlSkeleton } = await import("./yaml-skeleton.ts");
  return yamlSkeleton(input);
}

async function printSample({ input, output }: Method, request: AnyMessage, command: Command) {
  const { validateRequest } = await import("./validate-request.ts");
  const problems = validateRequest(input, request);
  if (problems.length > 0) {
    refuse(command, problems);
    return;
  }
  await writeOutput(jsonText(outputSample(output)));
}

function readConnection(method: Method, { endpoint, timeout, protocol }: OperationOptions) {
  const url = parseEndpoint(endpoint);
  const duration = parseTimeout(timeout);
  return {
    endpoint: "value" in url ? url.value : "",
    timeoutMs: "value" in duration ? duration.value : 0,
    problems: [
      ...(protocol === "rest" && !hasOption(method, http) ? [`--protocol rest cannot call ${method.name}`] : []),
      ...("problem" in url ? [`--endpoint ${url.problem}`] : []),
      ...("problem" in duration ? [`--timeout ${duration.problem}`] : []),
    ],
  };
}

function refuse(command: Command, problems: readonly string[]): void {
  command.error(problems.map((problem) => `error: ${problem}`).join("\n"), { exitCode: exitStatus.wrongUsage });
}

/** Where and how to call. */
interface Connection {
  readonly protocol: OperationOptions["protocol"];
  readonly endpoint: string;
  readonly timeoutMs: number;
}

async function callAndPrint(method: Method, request: AnyMessage, codecs: JsonCodecs, connection: Connection) {
  const { transport, close } = await openTransport(connection.protocol, connection.endpoint);
  const { encode } = codecs.message(method.output);
  try {
    if (method.methodKind === "unary") {
      const { message } = await transport.unary(method, undefined, connection.timeoutMs, undefined, request);
      await writeOutput(method.output.fields.length === 0 ? "" : jsonText(encode(message)));
    } else {
      await printEach(transport, method, request, encode);
    }
  } catch (reason) {
    const { text, status } = describeError(ConnectError.from(reason), method, connection.endpoint);
    process.stderr.write(`${text}\n`);
    process.exitCode = status;
  } finally {
    close();
  }
}

/** Prints a line for each message of a stream until it ends or the process is interrupted. */
async function printEach(
  transport: Transport,
  method: DescMethodServerStreaming,
  request: AnyMessage,
  encode: (message: AnyMessage) => unknown,
): Promise<void> {
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    const { signal } = interruption;
    const stream = await transport.stream(method, signal, undefined, undefined, createAsyncIterable([request]));
    for await (const message of stream.message) {
      await writeOutput(`${JSON.stringify(encode(message))}\n`);
    }
  } catch (error) {
    if (!interruption.signal.aborted) {
      throw error;
    }
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

function jsonText(json: unknown): string {
  return `${JSON.stringify(json, undefined, 2)}\n`;
}
