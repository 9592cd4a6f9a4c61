import type { ServerHttp2Session } from "node:http2";

/**
 * Tells a session to go (GOAWAY) and closes it once it has had neither an open stream nor any traffic for so long. A
 * session with an open stream stays, however silent, for that is how a watch looks on which nothing happens.
 */
export function closeIdleSession(session: ServerHttp2Session, idleTimeoutMs: number): void {
  let openStreams = 0;
  const startAgain = () => {
    if (!session.destroyed) {
      session.setTimeout(idleTimeoutMs);
    }
  };
  session.on("stream", (stream) => {
    openStreams += 1;
    stream.once("close", () => {
      openStreams -= 1;
      // The time-out may have passed while the stream was open, and it does not start again by itself.
      startAgain();
    });
  });
  // Node does not count a ping as traffic.
  session.on("ping", startAgain);
  session.on("timeout", () => {
    if (openStreams === 0) {
      session.close();
    }
  });
  startAgain();
}
