import { createServer as createHttp1Server, type Server as Http1Server } from "node:http";
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from "node:http2";
import { type AddressInfo, createServer as createNetServer, type Socket } from "node:net";
import type { NodeHandler } from "../wire/connect-handler.ts";
import { closeIdleSession } from "./close-idle-session.ts";
import { type PortLimits, portLimits } from "./limits.ts";
import { refuseClientError } from "./refuse-client-error.ts";
import { sniffPreface } from "./sniff-preface.ts";

const closeIdleIntervalMs = 20;

/** Where to listen. Port 0 is one that the system gives. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A listening port. */
export interface Port {
  /** Such as `http://127.0.0.1:8080`, with the port that the system gave. */
  readonly url: string;
  /**
   * Takes no new connections, tells those that are open to go (GOAWAY, `Connection: close`), and resolves once they are gone,
   * which is after `graceMs` at the latest.
   */
  close(graceMs: number): Promise<void>;
}

/**
 * Serves HTTP/1.1 and HTTP/2 without TLS (h2c with prior knowledge) on one port. The first bytes of a connection tell which.
 *
 * @throws Error where the address cannot be listened on.
 */
export async function listenOnOnePort(
  handler: NodeHandler,
  { host, port }: Address,
  limits: PortLimits = portLimits,
): Promise<Port> {
  let closing = false;
  const http1 = createHttp1Server(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: limits.timeoutCheckIntervalMs,
      requireHostHeader: false,
    },
    (request, response) => {
      if (isRefused(request, response)) {
        return;
      }
      if (closing) {
        response.setHeader("connection", "close");
      }
      handler(request, response);
    },
  );
  const isRefused = refuseClientError(http1);
  const http2 = createHttp2Server({ settings: { maxConcurrentStreams: limits.maxConcurrentStreams } }, handler);
  const sessions = trackSessions(http2, limits.idleTimeoutMs);
  const sockets = new Set<Socket>();
  const net = createNetServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    sniffPreface(socket, limits.firstBytesTimeoutMs, (isHttp2) => (isHttp2 ? http2 : http1).emit("connection", socket));
  });

  await new Promise<void>((resolve, reject) => {
    net.once("error", reject);
    net.listen(port, host, () => resolve());
  });
  // A server that does not listen itself does not check its time limits until it is told that it listens.
  http1.emit("listening");

  return {
    url: urlOf(net.address() as AddressInfo),
    async close(graceMs) {
      closing = true;
      const closed = new Promise<void>((resolve) => net.close(() => resolve()));
      for (const session of sessions) {
        session.close();
      }
      // A connection whose answer was begun before has not been told to close, and idles once it is sent.
      const closeIdle = setInterval(() => http1.closeIdleConnections(), closeIdleIntervalMs);
      http1.closeIdleConnections();
      const force = setTimeout(() => destroyAll(sockets), graceMs);
      await closed;
      clearTimeout(force);
      clearInterval(closeIdle);
      stopChecking(http1);
    },
  };
}

function trackSessions(server: Http2Server, idleTimeoutMs: number): ReadonlySet<ServerHttp2Session> {
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    closeIdleSession(session, idleTimeoutMs);
    session.once("close", () => sessions.delete(session));
    // The error is that of the connection, which its streams report to their calls.
    session.on("error", () => {});
  });
  return sessions;
}

function destroyAll(sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) {
    socket.destroy();
  }
}

/** Ends the timer that checks time limits, which close() does, and which fails only because this server never listened. */
function stopChecking(server: Http1Server): void {
  server.close(() => {});
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
