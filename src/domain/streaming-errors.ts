import { GatewayError } from "./errors.ts";

/** The failure of a call about a streaming session that is not there. */
export function streamingSessionNotFound(sessionId: string): GatewayError {
  return notFound("STREAMING_SESSION", "streaming session", sessionId);
}

/** The failure of a call about a stream that is not there. */
export function streamNotFound(streamId: string): GatewayError {
  return notFound("STREAMING_SESSION_STREAM", "stream", streamId);
}

/** The failure of a call about a backup that is not there, or is not one of the session. */
export function backupNotFound(backupId: string): GatewayError {
  return notFound("STREAMING_SESSION_BACKUP", "backup", backupId);
}

/** The failure of a call that the state of the session does not allow. */
export function streamingConflict(sessionId: string, message: string): GatewayError {
  return new GatewayError("conflict", message, { resource: { type: "STREAMING_SESSION", id: sessionId } });
}

function notFound(type: string, noun: string, id: string): GatewayError {
  return new GatewayError("notFound", `There is no such ${noun}.`, { resource: { type, id } });
}
