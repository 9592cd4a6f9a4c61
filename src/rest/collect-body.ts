import type { NodeRequest } from "./node-http.ts";

/** The whole body of a request, or why there is none. */
export type CollectedBody = Uint8Array | "too large" | "aborted";

const empty = new Uint8Array(0);

/**
 * Collects the body of a request. It stops reading as soon as the body is longer than `maxBytes`, and reads nothing where
 * the headers say so already. It never rejects.
 */
export function collectBody(request: NodeRequest, maxBytes: number): Promise<CollectedBody> | CollectedBody {
  if (hasNoBody(request)) {
    return empty;
  }
  if (Number(request.headers["content-length"]) > maxBytes) {
    return "too large";
  }
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const onData = (chunk: Uint8Array): void => {
      length += chunk.byteLength;
      if (length > maxBytes) {
        request.off("data", onData).pause();
        resolve("too large");
      } else {
        chunks.push(chunk);
      }
    };
    request.on("data", onData);
    // A stream of HTTP/2 that is reset in the middle of its body ends like one that is whole.
    request.on("end", () => resolve(request.aborted ? "aborted" : join(chunks, length)));
    request.on("close", () => resolve("aborted"));
  });
}

function hasNoBody(request: NodeRequest): boolean {
  if (request.httpVersionMajor === 1) {
    const { "content-length": length, "transfer-encoding": encoding } = request.headers;
    return encoding === undefined && (length === undefined || length === "0");
  }
  return "stream" in request && request.stream.endAfterHeaders;
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, length);
}
