import type { Interceptor } from "@connectrpc/connect";
import { GatewayError } from "../domain/errors.ts";

/**
 * Ends streams as unavailable when the gateway shuts down, so that a caller knows that there is more to come elsewhere.
 * The signal of a stream's call is aborted by its protocol, which makes the implementation end.
 */
export function endStreamsOnShutdown(shutdownSignal: AbortSignal): Interceptor {
  return (next) => async (request) => {
    const response = await next(request);
    return response.stream ? { ...response, message: endWith(response.message, shutdownSignal) } : response;
  };
}

async function* endWith<T>(messages: AsyncIterable<T>, shutdownSignal: AbortSignal): AsyncIterable<T> {
  yield* messages;
  if (shutdownSignal.aborted) {
    throw new GatewayError("unavailable", "The gateway is shutting down.");
  }
}
