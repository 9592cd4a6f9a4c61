import { GatewayError } from "../domain/errors.ts";

/** A mistake of the program that uses the store. The text is for the log. */
export function storeFault(text: string): GatewayError {
  return new GatewayError("internal", "The gateway used its store wrongly.", { cause: new Error(text) });
}
