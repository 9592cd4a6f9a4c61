import { type DescMethod, getOption } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import {
  BadRequestSchema,
  QuotaFailureSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "../../gen/google/rpc/error_details_pb.ts";
import { service as serviceRest } from "../../gen/sessiongateway/rest/v1/rest_pb.ts";
import { connectErrorToRest } from "../../rest/errors.ts";
import { exitStatus } from "./exit-status.ts";
import { flagPath } from "./flag-path.ts";

/** What the caller of a command learns of a failed call. */
export interface ErrorReport {
  /** The kind and the message, then a line for each detail. */
  readonly text: string;
  readonly status: number;
}

/**
 * Describes the failure of a call, whatever protocol it came over: the name that the documented API gives to the error,
 * the message, and a line for each field, resource and delay in its details.
 */
export function describeError(error: ConnectError, method: DescMethod, endpoint: string): ErrorReport {
  if (isAnswer(error)) {
    const lines = [`${kindOf(error, method)}: ${error.rawMessage}`, ...detailLines(error)];
    return { text: lines.join("\n"), status: exitStatus.refused };
  }
  if (error.code === Code.InvalidArgument) {
    return { text: `${codeName(error.code)}: ${error.rawMessage}`, status: exitStatus.wrongUsage };
  }
  const reason = systemCode(error) ?? error.rawMessage;
  return { text: `${codeName(error.code)}: no answer from ${endpoint}: ${reason}`, status: exitStatus.noAnswer };
}

/** What a server answers comes with its headers. */
function isAnswer({ metadata, cause }: ConnectError): boolean {
  return cause === undefined && [...metadata].length > 0;
}

/** The system's own code for what went wrong, such as ECONNREFUSED. */
function systemCode({ cause }: Error): string | undefined {
  if (!(cause instanceof Error)) {
    return undefined;
  }
  return "code" in cause && typeof cause.code === "string" ? cause.code : systemCode(cause);
}

function kindOf(error: ConnectError, method: DescMethod): string {
  const named = error.metadata.get("x-amzn-errortype");
  if (named !== null && named !== "") {
    return named;
  }
  if (error.code === Code.Unknown) {
    return codeName(error.code);
  }
  return connectErrorToRest(error, getOption(method.parent, serviceRest).errorDialect).type;
}

/** `DeadlineExceeded` is `deadline_exceeded`, as the protocols spell it. */
function codeName(code: Code): string {
  return Code[code].replaceAll(/(?<=.)([A-Z])/g, "_$1").toLowerCase();
}

function detailLines(error: ConnectError): readonly string[] {
  const violations = error.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations);
  const resources = error.findDetails(ResourceInfoSchema);
  const quotas = error.findDetails(QuotaFailureSchema).flatMap((failure) => failure.violations);
  const delays = error.findDetails(RetryInfoSchema).map(({ retryDelay }) => retryDelay);
  return [
    ...violations.map(
      ({ field, description }) => `  field: ${field === "" ? "" : `${flagPath(field)}: `}${description}`,
    ),
    ...resources.map(({ resourceType, resourceName }) => `  resource: ${`${resourceType} ${resourceName}`.trim()}`),
    ...quotas.filter(({ subject }) => subject !== "").map(({ subject }) => `  quota of: ${subject}`),
    ...delays
      .filter((delay) => delay !== undefined)
      .map(({ seconds, nanos }) => `  retry after: ${Number(seconds) + nanos / 1e9} s`),
  ];
}
