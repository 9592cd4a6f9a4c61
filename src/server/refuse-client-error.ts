import { randomUUID } from "node:crypto";
import type { Server as Http1Server, IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** How long a client may take to read a refusal before it is cut, in milliseconds. */
const lingerMs = 500;

interface Refusal {
  /** The status code and its reason phrase. */
  readonly status: `${number} ${string}`;
  /** The bare name for X-Amzn-Errortype. */
  readonly type: string;
  readonly message: string;
}

const malformed: Refusal = {
  status: "400 Bad Request",
  type: "MalformedHttpRequestException",
  message: "The request is not well-formed HTTP.",
};

const noTunnel: Refusal = { ...malformed, message: "CONNECT is not served here." };

const noHost: Refusal = { ...malformed, message: "The request has no Host header." };

const expectationFailed: Refusal = {
  status: "417 Expectation Failed",
  type: "ExpectationFailedException",
  message: "The only expectation that can be met is 100-continue.",
};

/** By the codes of Node's errors. Every other one is malformed. */
const refusals: ReadonlyMap<string | undefined, Refusal> = new Map([
  [
    "HPE_HEADER_OVERFLOW",
    {
      status: "431 Request Header Fields Too Large",
      type: "RequestHeaderFieldsTooLargeException",
      message: "The headers of the request are too large.",
    },
  ],
  [
    "ERR_HTTP_REQUEST_TIMEOUT",
    {
      status: "408 Request Timeout",
      type: "RequestTimeoutException",
      message: "The request took too long to arrive.",
    },
  ],
]);

/**
 * Answers what an HTTP/1.1 server refuses before it is a call in the form of every other REST error: bytes that are no
 * request, headers that are too large or too late, an expectation that cannot be met, CONNECT. The server must have been
 * created with `requireHostHeader: false`, and its request listener must leave requests alone for which the function that
 * is returned is true: those without a Host header, which it has refused.
 *
 * A refusal comes after the answers that are owed for earlier requests of the connection. Where the answer to the very
 * request that is refused has begun, the connection is cut instead. Nothing here throws.
 */
export function refuseClientError(
  server: Http1Server,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const lastResponses = new WeakMap<Duplex, ServerResponse>();
  const refused = new WeakSet<Duplex>();
  const refuse = (socket: Duplex, refusal: Refusal) => {
    // Bytes that follow the first wrong ones are wrong once more.
    if (!refused.has(socket)) {
      refused.add(socket);
      socket.on("error", () => {});
      refuseInTurn(socket, lastResponses.get(socket), refusal);
    }
  };
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    refuse(socket, refusals.get(error.code) ?? malformed);
  });
  server.on("connect", (_, socket) => refuse(socket, noTunnel));
  server.on("checkExpectation", (request, response) => {
    lastResponses.set(request.socket, response);
    respond(response, expectationFailed);
  });
  return (request, response) => {
    lastResponses.set(request.socket, response);
    const isRefused = request.headers.host === undefined && request.httpVersion === "1.1";
    if (isRefused) {
      respond(response, noHost);
    }
    return isRefused;
  };
}

function refuseInTurn(socket: Duplex, last: ServerResponse | undefined, refusal: Refusal): void {
  if (last === undefined || (last.req.complete && last.writableFinished)) {
    send(socket, refusal);
  } else if (last.req.complete) {
    last.once("close", () => send(socket, refusal));
  } else if (last.socket === socket && !last.headersSent) {
    send(socket, refusal);
  } else {
    socket.destroy();
  }
}

/** Ends a connection with a refusal. It is cut only after a while, for a client that still sends would lose it to a reset. */
function send(socket: Duplex, refusal: Refusal): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { headers, body } = format(refusal);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${refusal.status}\r\n${lines.join("")}\r\n${body}`);
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once("close", () => clearTimeout(timer));
  socket.resume();
}

function respond(response: ServerResponse, refusal: Refusal): void {
  const { headers, body } = format(refusal);
  response.writeHead(Number.parseInt(refusal.status, 10), headers);
  response.end(body);
}

function format({ type, message }: Refusal) {
  const body = JSON.stringify({ message });
  const headers = {
    Date: new Date().toUTCString(),
    Connection: "close",
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(body),
    "X-Amzn-Errortype": type,
    "X-Amzn-RequestId": randomUUID(),
  };
  return { headers, body };
}
