import { parseChoice, parseDuration, parseInteger } from "./parsers.ts";

export const cisSettings = {
  "cis.heartbeatTimeout": {
    description: "a started session from which nothing was heard for this long is LOST; 0 is never",
    placeholder: "DURATION",
    default: "15m",
    parse: parseDuration,
  },
  "cis.scanJobs": {
    description: "open: agents may start any scan job; registered: only those that CreateCisScanJob made",
    placeholder: "MODE",
    default: "open",
    parse: parseChoice(["open", "registered"]),
  },
  "cis.maxFindingsPerSession": {
    description: "how many findings an attempt may hold",
    placeholder: "NUMBER",
    default: "10000",
    parse: parseInteger(1, 1_000_000),
  },
} as const;
