import { createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders, request as requestHttp1 } from "node:http";
import {
  type ClientHttp2Session,
  connect,
  createServer as createHttp2Server,
  type IncomingHttpStatusHeader,
} from "node:http2";
import type { AddressInfo } from "node:net";
import type { NodeRequest, NodeResponse } from "../../src/rest/index.ts";

export interface TestRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A handler behind a server of each version of HTTP, on loopback. */
export interface RestServers {
  readonly http1Port: number;
  readonly http2: ClientHttp2Session;
  send(version: Version, request: TestRequest): Promise<TestAnswer>;
  close(): Promise<void>;
}

export type Version = "HTTP/1.1" | "HTTP/2";
export const versions: readonly Version[] = ["HTTP/1.1", "HTTP/2"];

export async function startRestServers(
  handler: (request: NodeRequest, response: NodeResponse) => void,
): Promise<RestServers> {
  const http1 = createServer(handler);
  const http2 = createHttp2Server(handler);
  const [http1Port, http2Port] = await Promise.all([http1, http2].map(listen));
  const session = connect(`http://127.0.0.1:${http2Port}`);
  return {
    http1Port: http1Port ?? 0,
    http2: session,
    send: (version, request) =>
      version === "HTTP/1.1" ? sendHttp1(http1Port ?? 0, request) : sendHttp2(session, request),
    close: async () => {
      session.destroy();
      http1.closeAllConnections();
      await Promise.all([http1, http2].map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
    },
  };
}

function listen(server: { listen(port: number, host: string, done: () => void): unknown; address(): unknown }) {
  return new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

function sendHttp1(port: number, { method = "GET", path, headers = {}, body }: TestRequest): Promise<TestAnswer> {
  return new Promise((resolve, reject) => {
    const request = requestHttp1({ host: "127.0.0.1", port, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

function sendHttp2(
  session: ClientHttp2Session,
  { method = "GET", path, headers = {}, body }: TestRequest,
): Promise<TestAnswer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":method": method, ":path": path, ...headers }, { endStream: body === undefined });
    let head: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
    const chunks: Buffer[] = [];
    stream.on("response", (received) => {
      head = received;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("end", () =>
      resolve({ status: head[":status"] ?? 0, headers: head, text: Buffer.concat(chunks).toString() }),
    );
    if (body !== undefined) {
      stream.end(body);
    }
  });
}
