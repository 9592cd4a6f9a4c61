import type { Interceptor } from "@connectrpc/connect";
import type { Logger } from "../observability/log.ts";
import { deadline } from "./deadline.ts";
import { endStreamsOnShutdown } from "./end-streams-on-shutdown.ts";
import { errors } from "./errors.ts";
import { logCalls } from "./log-calls.ts";
import { assignRequestId } from "./request-id.ts";
import { refuseUndecodable } from "./undecodable.ts";
import { validate } from "./validate.ts";

/**
 * THE ordered list of what happens around every call, the outermost first.
 *
 * @param shutdownSignal Aborted when the gateway shuts down.
 */
export function createInterceptors(log: Logger, shutdownSignal: AbortSignal): readonly Interceptor[] {
  return [
    assignRequestId,
    logCalls(log),
    errors,
    refuseUndecodable,
    endStreamsOnShutdown(shutdownSignal),
    deadline,
    validate(),
  ];
}
