import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";

/**
 * Answers a unary call when its deadline passes or its caller goes away, whatever the implementation still waits for.
 * What was handed to the store by then may still be kept, as after any lost answer.
 */
export const deadline: Interceptor = (next) => (request) => {
  if (request.stream) {
    return next(request);
  }
  const { signal } = request;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(abortError(signal));
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener("abort", onAbort, { once: true });
    next(request)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", onAbort));
  });
};

/** A caller that breaks its stream off may call that an internal error, which is then not one of the gateway. */
function abortError({ reason }: AbortSignal): ConnectError {
  return reason instanceof ConnectError && reason.code === Code.DeadlineExceeded
    ? reason
    : new ConnectError("The call was canceled.", Code.Canceled, undefined, undefined, reason);
}
