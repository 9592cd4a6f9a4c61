import { GatewayError } from "../domain/errors.ts";

/** What calls get that come after the store was closed: another process may answer them. */
export function storeClosed(): GatewayError {
  return new GatewayError("unavailable", "The gateway is shutting down.", { retryAfterMs: 1000 });
}
