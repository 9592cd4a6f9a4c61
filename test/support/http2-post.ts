import { connect, type IncomingHttpHeaders } from "node:http2";

export interface Http2Answer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** POSTs a body over HTTP/2, each chunk in a frame of its own, and collects the whole answer. */
export async function postOverHttp2(
  url: string,
  path: string,
  headers: Record<string, string>,
  chunks: readonly Uint8Array[],
): Promise<Http2Answer> {
  const session = connect(url);
  try {
    return await new Promise<Http2Answer>((resolve, reject) => {
      session.on("error", reject);
      const stream = session.request({ ":method": "POST", ":path": path, ...headers });
      const answer = { headers: {}, trailers: {}, received: [] as Buffer[] };
      stream.on("response", (received) => Object.assign(answer.headers, received));
      stream.on("trailers", (received) => Object.assign(answer.trailers, received));
      stream.on("data", (chunk: Buffer) => answer.received.push(chunk));
      stream.on("error", reject);
      stream.on("close", () => resolve({ ...answer, body: Buffer.concat(answer.received) }));
      for (const chunk of chunks) {
        stream.write(chunk);
      }
      stream.end();
    });
  } finally {
    session.destroy();
  }
}
