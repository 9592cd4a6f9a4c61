import { Code, type ConnectError } from "@connectrpc/connect";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "../gen/google/rpc/error_details_pb.ts";
import { ErrorDialect } from "../gen/sessiongateway/rest/v1/rest_pb.ts";
import { errorKind, type RestErrorKind } from "./error-kind.ts";
import { authenticationError, errorSpelling } from "./error-spelling.ts";
import { restFieldName } from "./rest-field-name.ts";

/** An error as REST answers it. */
export interface RestError {
  readonly status: number;
  /** The bare name for X-Amzn-Errortype. */
  readonly type: string;
  /** A JSON object with at least a message. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Whole seconds for Retry-After. */
  readonly retryAfterSeconds?: number;
}

/** When to come back where the error does not say. */
const defaultRetryAfterSeconds = 1;

/** The answer to a request that fails before there is a call. It is the same in every dialect. */
export function restError(kind: RestErrorKind, message: string): RestError {
  const { status, type, retryAfter } = errorSpelling(kind, ErrorDialect.INSPECTOR);
  return {
    status,
    type,
    body: { message },
    ...(retryAfter === true && { retryAfterSeconds: defaultRetryAfterSeconds }),
  };
}

/**
 * The answer to a call that failed, by the code of its error and the google.rpc details in it:
 *
 * | code | details | Inspector | Nimble |
 * |---|---|---|---|
 * | invalid_argument | none | 400 SerializationException | same |
 * | invalid_argument | BadRequest | 400 ValidationException | same |
 * | out_of_range | | 400 ValidationException | same |
 * | not_found | ResourceInfo | 400 ValidationException, reason OTHER | 404 ResourceNotFoundException |
 * | failed_precondition, already_exists, aborted | ResourceInfo | 409 ConflictException | same |
 * | unauthenticated | ErrorInfo | 403, named by the reason of ErrorInfo | same |
 * | permission_denied | | 403 AccessDeniedException | same |
 * | resource_exhausted | RetryInfo | 429 ThrottlingException | same |
 * | resource_exhausted | QuotaFailure | 402 ServiceQuotaExceededException | same |
 * | unavailable, deadline_exceeded | RetryInfo | 503 ServiceUnavailableException | same |
 * | canceled | | 400 RequestAbortedException | same |
 * | unimplemented | | 501 NotImplementedException | same |
 * | internal, data_loss, unknown | RetryInfo | 500 InternalServerException | 500 InternalServerErrorException |
 *
 * 429, 503 and 500 say when to come back. The message is that of the error, except for `unknown`, whose message may
 * come from anywhere. A body never has a `code`, which some clients would believe more than the header.
 */
export function connectErrorToRest(error: ConnectError, dialect: ErrorDialect): RestError {
  const kind = errorKind(error);
  const { status, type, retryAfter } = errorSpelling(kind, dialect);
  const reason = kind === "unauthenticated" ? error.findDetails(ErrorInfoSchema)[0]?.reason : undefined;
  return {
    status,
    type: (reason === undefined ? undefined : authenticationError(reason)) ?? type,
    body: { message: messageOf(error), ...members(kind, error, dialect) },
    ...(retryAfter === true && { retryAfterSeconds: retryAfterSeconds(error) }),
  };
}

function messageOf(error: ConnectError): string {
  return error.code === Code.Unknown ? "The request failed for an unknown reason." : error.rawMessage;
}

function members(kind: RestErrorKind, error: ConnectError, dialect: ErrorDialect): object {
  const isNimble = dialect === ErrorDialect.NIMBLE;
  switch (kind) {
    case "invalid":
      return isNimble ? {} : { reason: validationReason(error), fields: fieldsOf(error) };
    case "notFound":
      return isNimble ? contextOf(error) : { reason: "OTHER", fields: fieldsOf(error) };
    case "conflict":
    case "aborted":
      return isNimble ? contextOf(error) : resourceOf(error);
    default:
      return {};
  }
}

/** A violation that names no rule is a matter that field validation does not know of. */
function validationReason(error: ConnectError): string {
  return violationsOf(error).some(({ reason }) => reason !== "") ? "FIELD_VALIDATION_FAILED" : "OTHER";
}

function fieldsOf(error: ConnectError): readonly { readonly name: string; readonly message: string }[] {
  return violationsOf(error).map(({ field, description }) => ({ name: restFieldName(field), message: description }));
}

function violationsOf(error: ConnectError) {
  return error.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations);
}

/** Both members are required in Inspector's model. */
function resourceOf(error: ConnectError): { readonly resourceId: string; readonly resourceType: string } {
  const [resource] = error.findDetails(ResourceInfoSchema);
  return { resourceId: resource?.resourceName ?? "", resourceType: resource?.resourceType ?? "" };
}

function contextOf(error: ConnectError): object {
  const [resource] = error.findDetails(ResourceInfoSchema);
  return resource === undefined ? {} : { context: { resourceId: resource.resourceName } };
}

function retryAfterSeconds(error: ConnectError): number {
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  if (delay === undefined) {
    return defaultRetryAfterSeconds;
  }
  return Math.max(0, Math.ceil(Number(delay.seconds) + delay.nanos / 1e9));
}
