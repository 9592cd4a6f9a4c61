import type { Interceptor, StreamResponse, UnaryResponse } from "@connectrpc/connect";

/** An interceptor that replaces whatever a call throws, before its answer or in the middle of a stream. */
export function interceptWith(replace: (error: unknown) => Error): Interceptor {
  return (next) => async (request) => {
    let response: UnaryResponse | StreamResponse;
    try {
      response = await next(request);
    } catch (error) {
      throw replace(error);
    }
    return response.stream ? { ...response, message: replaceIn(response.message, replace) } : response;
  };
}

async function* replaceIn<T>(messages: AsyncIterable<T>, replace: (error: unknown) => Error): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    throw replace(error);
  }
}
