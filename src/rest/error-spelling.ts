import { ErrorDialect } from "../gen/sessiongateway/rest/v1/rest_pb.ts";
import type { RestErrorKind } from "./error-kind.ts";

/** How a kind of failure is answered. */
export interface ErrorSpelling {
  readonly status: number;
  /** The name in X-Amzn-Errortype. */
  readonly type: string;
  /** Whether the answer says when to come back. */
  readonly retryAfter?: true;
}

type Spellings = Readonly<Record<RestErrorKind, ErrorSpelling>>;

const conflict: ErrorSpelling = { status: 409, type: "ConflictException" };
const validation: ErrorSpelling = { status: 400, type: "ValidationException" };

const inspector: Spellings = {
  malformed: { status: 400, type: "SerializationException" },
  invalid: validation,
  notFound: validation,
  conflict,
  aborted: conflict,
  unauthenticated: { status: 403, type: "UnrecognizedClientException" },
  denied: { status: 403, type: "AccessDeniedException" },
  throttled: { status: 429, type: "ThrottlingException", retryAfter: true },
  quota: { status: 402, type: "ServiceQuotaExceededException" },
  unavailable: { status: 503, type: "ServiceUnavailableException", retryAfter: true },
  internal: { status: 500, type: "InternalServerException", retryAfter: true },
  unimplemented: { status: 501, type: "NotImplementedException" },
  canceled: { status: 400, type: "RequestAbortedException" },
  unknownOperation: { status: 404, type: "UnknownOperationException" },
  unsupportedMediaType: { status: 415, type: "UnsupportedMediaTypeException" },
  notAcceptable: { status: 406, type: "NotAcceptableException" },
  tooLarge: { status: 413, type: "RequestEntityTooLargeException" },
};

const nimble: Spellings = {
  ...inspector,
  notFound: { status: 404, type: "ResourceNotFoundException" },
  internal: { status: 500, type: "InternalServerErrorException" },
};

/** How a dialect answers a kind of failure. A service that names no dialect speaks Inspector's. */
export function errorSpelling(kind: RestErrorKind, dialect: ErrorDialect): ErrorSpelling {
  return (dialect === ErrorDialect.NIMBLE ? nimble : inspector)[kind];
}

/**
 * Names for a caller who did not prove who it is, all answered with 403: those that AWS's clients know. A google.rpc
 * ErrorInfo chooses one by its reason, as the name itself or in capitals without "Exception": `EXPIRED_TOKEN`.
 */
const authenticationErrors: ReadonlySet<string> = new Set([
  "ExpiredTokenException",
  "IncompleteSignatureException",
  "InvalidSignatureException",
  "MissingAuthenticationTokenException",
  "RequestExpired",
  "UnrecognizedClientException",
]);

/** The name that the reason of an ErrorInfo chooses, where it chooses one. */
export function authenticationError(reason: string): string | undefined {
  const words = reason.toLowerCase().split("_");
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  return [reason, `${name}Exception`, name].find((each) => authenticationErrors.has(each));
}
