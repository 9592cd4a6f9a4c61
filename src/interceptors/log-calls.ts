import { Code, ConnectError, type Interceptor, type UnaryRequest } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import type { Logger } from "../observability/log.ts";
import { requestId } from "./request-id.ts";

type Request = Parameters<ReturnType<Interceptor>>[0];

/** Codes that say the gateway is at fault, whose causes are logged as errors. */
const faults: ReadonlySet<Code> = new Set([Code.Internal, Code.Unknown, Code.DataLoss]);

/** One line per call: the RPC, its code, how long it took and, for a failure, its cause. */
export function logCalls(log: Logger): Interceptor {
  return (next) => async (request) => {
    const startedAt = performance.now();
    try {
      const response = await next(request);
      if (!response.stream) {
        logDone(log, request, startedAt);
        return response;
      }
      return { ...response, message: logStream(log, request, startedAt, response.message) };
    } catch (error) {
      logFailed(log, request, startedAt, error);
      throw error;
    }
  };
}

async function* logStream<T>(log: Logger, request: Request, startedAt: number, messages: AsyncIterable<T>) {
  let failed = false;
  try {
    yield* messages;
  } catch (error) {
    failed = true;
    logFailed(log, request, startedAt, error);
    throw error;
  } finally {
    // A caller that goes away ends the stream here too, without an error.
    if (!failed) {
      logDone(log, request, startedAt);
    }
  }
}

function logDone(log: Logger, request: Request, startedAt: number): void {
  if (log.isLevelEnabled("info")) {
    log.info({ ...describe(request, startedAt), code: "ok" }, "call");
  }
}

function logFailed(log: Logger, request: Request, startedAt: number, error: unknown): void {
  const failure = ConnectError.from(error);
  const fields = { ...describe(request, startedAt), code: codeToString(failure.code), reason: failure.rawMessage };
  if (failure.code === Code.Unavailable) {
    log.warn({ ...fields, err: causeOf(failure) }, "call");
  } else if (faults.has(failure.code)) {
    log.error({ ...fields, err: failure.cause ?? failure }, "call");
  } else {
    log.info(fields, "call");
  }
}

/** What lies behind a failure of the domain, such as an error of the store's driver. */
function causeOf({ cause }: ConnectError): unknown {
  return cause instanceof Error ? cause.cause : cause;
}

function describe(request: Request | UnaryRequest, startedAt: number) {
  return {
    requestId: request.contextValues.get(requestId),
    rpc: `${request.service.typeName}/${request.method.name}`,
    durationMs: Math.round((performance.now() - startedAt) * 1000) / 1000,
  };
}
