import { randomUUID } from "node:crypto";
import { ConnectError, createContextKey, type Interceptor } from "@connectrpc/connect";

/** The id under which a call is logged and answered. */
export const requestId = createContextKey("", { description: "request id" });

const header = "x-amzn-requestid";

/** Gives every call an id, unless its protocol has given it one already, and answers it as `X-Amzn-RequestId`. */
export const assignRequestId: Interceptor = (next) => async (request) => {
  const { contextValues } = request;
  const id = contextValues.get(requestId) || randomUUID();
  contextValues.set(requestId, id);
  try {
    const response = await next(request);
    response.header.set(header, id);
    return response;
  } catch (error) {
    if (error instanceof ConnectError) {
      error.metadata.set(header, id);
    }
    throw error;
  }
};
