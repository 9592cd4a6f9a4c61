import { logLevels } from "../observability/log.ts";
import { parseChoice, parseDurationUpTo, parseHostPort } from "./parsers.ts";

/** An hour, in milliseconds. A timer of Node that is set to more than 2^31-1 ms, 24 days, goes off at once. */
const maxDrainTimeoutMs = 3_600_000;

export const serverSettings = {
  listen: {
    description: "where gRPC, gRPC-Web, Connect and REST are served; port 0 is one that the system gives",
    placeholder: "HOST:PORT",
    default: "127.0.0.1:8080",
    parse: parseHostPort,
  },
  adminListen: {
    description: "where /healthz and /readyz are served",
    placeholder: "HOST:PORT",
    default: "127.0.0.1:9090",
    parse: parseHostPort,
  },
  drainTimeout: {
    description: "how long calls may take to finish after SIGTERM or SIGINT",
    placeholder: "DURATION",
    default: "10s",
    parse: parseDurationUpTo(maxDrainTimeoutMs),
  },
  logLevel: {
    description: `the least level that is logged: ${logLevels.join(", ")}`,
    placeholder: "LEVEL",
    default: "info",
    parse: parseChoice(logLevels),
  },
} as const;
