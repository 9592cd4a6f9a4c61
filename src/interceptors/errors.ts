import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { type ErrorKind, GatewayError } from "../domain/errors.ts";
import {
  BadRequestSchema,
  QuotaFailureSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "../gen/google/rpc/error_details_pb.ts";
import { interceptWith } from "./intercept-with.ts";

const codes: Readonly<Record<ErrorKind, Code>> = {
  malformed: Code.InvalidArgument,
  invalid: Code.InvalidArgument,
  notFound: Code.NotFound,
  conflict: Code.FailedPrecondition,
  aborted: Code.Aborted,
  unauthenticated: Code.Unauthenticated,
  denied: Code.PermissionDenied,
  throttled: Code.ResourceExhausted,
  quota: Code.ResourceExhausted,
  unavailable: Code.Unavailable,
  internal: Code.Internal,
};

/** Kinds whose RetryInfo says when to come back, and how long that is where the failure does not say, in milliseconds. */
const retryAfterMs: Readonly<Partial<Record<ErrorKind, number>>> = { throttled: 1000, unavailable: 1000 };

/** Turns every failure of a call into a ConnectError, so that a protocol never sees anything else. */
export const errors: Interceptor = interceptWith((error) => toConnectError(error));

/**
 * The one place where a kind of failure becomes a code and google.rpc details:
 *
 * | kind | code | details |
 * |---|---|---|
 * | malformed | invalid_argument | |
 * | invalid | invalid_argument | BadRequest |
 * | notFound | not_found | ResourceInfo, BadRequest where a field names it |
 * | conflict | failed_precondition | ResourceInfo |
 * | aborted | aborted | ResourceInfo |
 * | unauthenticated, denied | unauthenticated, permission_denied | |
 * | throttled | resource_exhausted | RetryInfo |
 * | quota | resource_exhausted | QuotaFailure |
 * | unavailable | unavailable | RetryInfo |
 * | internal | internal | |
 *
 * What is not a GatewayError is a fault of the gateway: `internal`, and its text stays in the cause.
 */
function toConnectError(error: unknown): ConnectError {
  if (error instanceof ConnectError) {
    return error;
  }
  if (!(error instanceof GatewayError)) {
    return new ConnectError("The gateway failed.", Code.Internal, undefined, undefined, error);
  }
  return new ConnectError(error.message, codes[error.kind], undefined, details(error), error);
}

function details(error: GatewayError): { desc: DescMessage; value: MessageInitShape<DescMessage> }[] {
  const { kind, fields, resource, message } = error;
  const retryMs = error.retryAfterMs ?? retryAfterMs[kind];
  const found = [];
  if (resource !== undefined) {
    const init = { resourceType: resource.type, resourceName: resource.id, description: message };
    found.push({ desc: ResourceInfoSchema, value: create(ResourceInfoSchema, init) });
  }
  if (fields.length > 0 || kind === "invalid") {
    const fieldViolations = fields.map(({ field, description, rule }) => ({
      field,
      description,
      reason: rule ?? "",
    }));
    found.push({ desc: BadRequestSchema, value: create(BadRequestSchema, { fieldViolations }) });
  }
  if (kind === "quota") {
    const violations = [{ subject: resource?.id ?? "", description: message }];
    found.push({ desc: QuotaFailureSchema, value: create(QuotaFailureSchema, { violations }) });
  }
  if (retryMs !== undefined) {
    found.push({ desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay: durationFromMs(retryMs) }) });
  }
  return found;
}
