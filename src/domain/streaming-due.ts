import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { StreamingSessionRecord } from "../gen/sessiongateway/store/v1/records_pb.ts";
import { StreamingSessionState as State } from "../gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import type { StreamingPolicy } from "./streaming-policy.ts";

/**
 * How often a transition that a controller is to complete is looked at, in milliseconds: a gateway that simulates may have
 * taken over.
 */
export const externalLookMs = 60_000;

/**
 * When a session that has just entered its state falls due, in Unix milliseconds: when its simulated transition is done, when it
 * has been ready or stopped for too long, or when a deleted one is no longer shown. Undefined where only a call can change it.
 */
export function streamingDueAt(
  { session }: StreamingSessionRecord,
  policy: StreamingPolicy,
  now: number,
): number | undefined {
  switch (session?.state) {
    case State.CREATE_IN_PROGRESS:
    case State.START_IN_PROGRESS:
    case State.STOP_IN_PROGRESS:
    case State.DELETE_IN_PROGRESS:
      return now + (policy.provisioner === "simulated" ? policy.simulatedDelayMs : externalLookMs);
    case State.READY:
      return session.stopAt && timestampMs(session.stopAt);
    case State.STOPPED:
      return session.terminateAt && timestampMs(session.terminateAt);
    case State.DELETED:
      return now + policy.deletedRetentionMs;
    default:
      return undefined;
  }
}
