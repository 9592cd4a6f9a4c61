import { compileStreamUrlTemplate } from "../domain/stream-url-template.ts";
import { parseChoice, parseDuration, parseInteger } from "./parsers.ts";
import type { Parsed } from "./setting.ts";

export const streamingSettings = {
  provisioner: {
    description:
      "who completes the transitions of streaming sessions: the gateway itself, or a controller that reports",
    placeholder: "MODE",
    default: "simulated",
    parse: parseChoice(["simulated", "external"]),
  },
  simulatedDelay: {
    description: "how long a simulated transition takes",
    placeholder: "DURATION",
    default: "1s",
    parse: parseDuration,
  },
  streamUrlTemplate: {
    description: "the URL of a stream, with {studioId}, {sessionId} and {streamId} where they belong",
    placeholder: "URL",
    default: "https://stream.invalid/studios/{studioId}/streaming-sessions/{sessionId}/streams/{streamId}",
    parse: compileStreamUrlTemplate,
  },
  maxSessionsPerStudio: {
    description: "how many streaming sessions a studio may have that are not DELETED; 0 is any number",
    placeholder: "NUMBER",
    default: "0",
    parse: parseInteger(0, 1_000_000_000),
  },
  "streaming.deletedRetention": {
    description: "for how long a deleted streaming session is still shown",
    placeholder: "DURATION",
    default: "24h",
    parse: parseDuration,
  },
  region: {
    description: "the region that ARNs show",
    placeholder: "REGION",
    default: "us-east-1",
    parse: parseName(/^[a-z0-9-]{1,32}$/, "a region such as us-east-1"),
  },
  account: {
    description: "the account that ARNs show",
    placeholder: "ACCOUNT",
    default: "000000000000",
    parse: parseName(/^\d{12}$/, "an account of 12 digits"),
  },
} as const;

function parseName(pattern: RegExp, expected: string): (text: string) => Parsed<string> {
  return (text) => (pattern.test(text) ? { value: text } : { problem: `is not ${expected}` });
}
