import { createContextKey, type Interceptor } from "@connectrpc/connect";

/**
 * Why the request of a call could not be decoded. A protocol that sets it hands over an empty message in place of the
 * request, so that such a call is logged, counted and answered like every other failure.
 */
export const undecodable = createContextKey<Error | undefined>(undefined, { description: "undecodable request" });

/** Fails the calls whose request could not be decoded. */
export const refuseUndecodable: Interceptor = (next) => (request) => {
  const reason = request.contextValues.get(undecodable);
  return reason === undefined ? next(request) : Promise.reject(reason);
};
