import { Code, type ConnectError } from "@connectrpc/connect";
import type { ErrorKind } from "../domain/errors.ts";
import { BadRequestSchema, QuotaFailureSchema } from "../gen/google/rpc/error_details_pb.ts";

/**
 * Why a REST request failed: the kinds of the gateway's errors, those that only other services have, and those that
 * arise before there is a call.
 *
 * - `unimplemented`: the RPC has no implementation
 * - `canceled`: the caller went away
 * - `unknownOperation`: the method and path are no route
 * - `unsupportedMediaType`: the body is not JSON, or there should be none
 * - `notAcceptable`: the caller does not take JSON
 * - `tooLarge`: the body is longer than allowed
 */
export type RestErrorKind =
  | ErrorKind
  | "unimplemented"
  | "canceled"
  | "unknownOperation"
  | "unsupportedMediaType"
  | "notAcceptable"
  | "tooLarge";

const kinds: Readonly<Record<Code, RestErrorKind>> = {
  [Code.Canceled]: "canceled",
  [Code.Unknown]: "internal",
  [Code.InvalidArgument]: "malformed",
  // The gateway could not answer in time, and might the next time.
  [Code.DeadlineExceeded]: "unavailable",
  [Code.NotFound]: "notFound",
  [Code.AlreadyExists]: "conflict",
  [Code.PermissionDenied]: "denied",
  [Code.ResourceExhausted]: "throttled",
  [Code.FailedPrecondition]: "conflict",
  [Code.Aborted]: "aborted",
  [Code.OutOfRange]: "invalid",
  [Code.Unimplemented]: "unimplemented",
  [Code.Internal]: "internal",
  [Code.Unavailable]: "unavailable",
  [Code.DataLoss]: "internal",
  [Code.Unauthenticated]: "unauthenticated",
};

/**
 * The kind of failure that a code and its google.rpc details tell, of any service: `invalid_argument` is `invalid` with a
 * BadRequest and `malformed` without, `resource_exhausted` is `quota` with a QuotaFailure and `throttled` without.
 */
export function errorKind(error: ConnectError): RestErrorKind {
  if (error.code === Code.InvalidArgument && error.findDetails(BadRequestSchema).length > 0) {
    return "invalid";
  }
  if (error.code === Code.ResourceExhausted && error.findDetails(QuotaFailureSchema).length > 0) {
    return "quota";
  }
  return kinds[error.code] ?? "internal";
}
