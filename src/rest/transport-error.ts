import { Code, ConnectError } from "@connectrpc/connect";

/**
 * The error of a call whose request or answer was lost: `unavailable` where the system says why, with its code in the
 * message, and `internal` for anything else. The reason is the cause.
 */
export function toTransportError(reason: unknown, origin: string): ConnectError {
  if (reason instanceof ConnectError) {
    return reason;
  }
  const code = reason instanceof Error && "code" in reason ? String(reason.code) : undefined;
  return code === undefined
    ? new ConnectError(`The call to ${origin} failed.`, Code.Internal, undefined, undefined, reason)
    : new ConnectError(`There is no answer from ${origin}: ${code}.`, Code.Unavailable, undefined, undefined, reason);
}
