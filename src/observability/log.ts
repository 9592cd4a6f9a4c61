import { pino } from "pino";

/** What the gateway logs to: pino's interface, JSON lines on stdout. */
export type Logger = pino.Logger;

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Written at once, so that lines stand in their order and the last ones are not lost when the process ends. */
const stdout = pino.destination({ dest: 1, sync: true });

/** A logger that writes JSON lines to stdout, one per event, with times in ISO 8601 and levels by name. */
export function createLog(level: LogLevel): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: "msg",
    },
    stdout,
  );
}
