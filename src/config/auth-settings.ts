import { parseBoolean, parseChoice } from "./parsers.ts";

export const authSettings = {
  auth: {
    description: "how callers prove who they are: none",
    placeholder: "MODE",
    default: "none",
    parse: parseChoice(["none"]),
  },
  insecureAllowAnonymous: {
    description: "allow --auth none on an address that is not loopback",
    placeholder: "BOOLEAN",
    default: "false",
    parse: parseBoolean,
  },
} as const;
