import type { StreamingPolicy } from "./streaming-policy.ts";

/** The ARN of a streaming session or of a backup, as the service's Smithy model forms it. */
export function streamingArn(
  { region, account }: StreamingPolicy,
  type: "streaming-session" | "streaming-session-backup",
  id: string,
): string {
  return `arn:aws:nimble:${region}:${account}:${type}/${id}`;
}
