/**
 * Why a call failed: the closed list that every protocol maps to its own codes.
 *
 * - `malformed`: bytes, JSON or a path that do not decode
 * - `invalid`: a decoded request breaks a limit; `fields` says which
 * - `notFound`: there is no such resource
 * - `conflict`: the resource is in a state that does not allow the call
 * - `aborted`: the call lost a race for good
 * - `unauthenticated`: the caller did not prove who it is
 * - `denied`: the caller may not do this
 * - `throttled`: too many calls; `retryAfterMs` says when to come back
 * - `quota`: a limit on how much may exist is reached
 * - `unavailable`: the gateway cannot answer now; `retryAfterMs` says when to come back
 * - `internal`: a fault of the gateway
 */
export type ErrorKind =
  | "malformed"
  | "invalid"
  | "notFound"
  | "conflict"
  | "aborted"
  | "unauthenticated"
  | "denied"
  | "throttled"
  | "quota"
  | "unavailable"
  | "internal";

/** A field of the request that is wrong: its path in proto names (`message.progress.total_checks`) and what is wrong. */
export interface FieldFault {
  readonly field: string;
  readonly description: string;
  /** The rule that was broken, such as "string.pattern", where there is one. */
  readonly rule?: string;
}

/** The resource that a failure is about. */
export interface ResourceName {
  /** Such as "CIS_SESSION". */
  readonly type: string;
  readonly id: string;
}

interface GatewayErrorInit {
  readonly fields?: readonly FieldFault[];
  readonly resource?: ResourceName;
  readonly retryAfterMs?: number;
  /** What lies behind the failure, for the log only. */
  readonly cause?: unknown;
}

/**
 * A failure with two texts: `message` is for the client and shows no token, credential, SQL or stack; `cause` is for
 * the log.
 */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly kind: ErrorKind;
  readonly fields: readonly FieldFault[];
  readonly resource: ResourceName | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(kind: ErrorKind, message: string, init: GatewayErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.kind = kind;
    this.fields = init.fields ?? [];
    this.resource = init.resource;
    this.retryAfterMs = init.retryAfterMs;
  }
}

/** The failure of one field, for a rule that validation cannot know, such as a page token that was never given out. */
export function invalidField(field: string, description: string): GatewayError {
  return new GatewayError("invalid", `${field}: ${description}`, { fields: [{ field, description }] });
}
