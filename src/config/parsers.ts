import type { Parsed } from "./setting.ts";

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

type Unit = keyof typeof unitMs;

/** The longest duration that any setting takes, in milliseconds: 10 years. */
const maxDurationMs = 10 * 365 * 24 * unitMs.h;

/** A duration such as `500ms`, `3s`, `15m` or `24h`, or `0`, in milliseconds: 10 years at most. */
export const parseDuration = parseDurationUpTo(maxDurationMs);

/** A duration as of parseDuration() that is at most so many milliseconds. */
export function parseDurationUpTo(mostMs: number): (text: string) => Parsed<number> {
  return (text) => {
    const match = /^(\d+)(ms|s|m|h)$/.exec(text);
    const value = text === "0" ? 0 : Number(match?.[1]) * unitMs[(match?.[2] ?? "ms") as Unit];
    if (Number.isNaN(value)) {
      return { problem: `is not a duration such as 500ms, 3s, 15m or 24h: ${quote(text)}` };
    }
    return value > mostMs ? { problem: `is longer than ${formatDuration(mostMs)}: ${quote(text)}` } : { value };
  };
}

/** A duration in the largest unit that says it in a whole number other than 0. */
function formatDuration(ms: number): string {
  const units = (["h", "m", "s"] as const).filter((unit) => ms > 0 && ms % unitMs[unit] === 0);
  const unit = units[0] ?? "ms";
  return `${ms / unitMs[unit]}${unit}`;
}

/** A whole number within limits. */
export function parseInteger(least: number, most: number): (text: string) => Parsed<number> {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most
      ? { value }
      : { problem: `is not a whole number from ${least} to ${most}: ${quote(text)}` };
  };
}

/** One of several words. */
export function parseChoice<Word extends string>(words: readonly Word[]): (text: string) => Parsed<Word> {
  return (text) => {
    const value = words.find((word) => word === text);
    return value === undefined ? { problem: `is none of ${words.join(", ")}: ${quote(text)}` } : { value };
  };
}

/** `true` or `false`. A flag without a value is `true`. */
export function parseBoolean(text: string): Parsed<boolean> {
  return text === "true" || text === "false"
    ? { value: text === "true" }
    : { problem: `is neither true nor false: ${quote(text)}` };
}

/** An address to listen on. */
export interface HostPort {
  readonly host: string;
  /** 0: one that the system gives. */
  readonly port: number;
}

/** `HOST:PORT`, with an IPv6 host in brackets. */
export function parseHostPort(text: string): Parsed<HostPort> {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host !== undefined && port <= 65_535
    ? { value: { host, port } }
    : { problem: `is not HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080: ${quote(text)}` };
}

/** The value as it was written, cut where it is long. */
function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
