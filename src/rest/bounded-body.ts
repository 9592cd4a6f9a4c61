import { Code, ConnectError } from "@connectrpc/connect";

/**
 * The whole of a body.
 *
 * @throws ConnectError resource_exhausted as soon as it is longer than `maxBytes`.
 */
export async function readBody(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > maxBytes) {
      throw tooLong(maxBytes);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/**
 * The lines of a body, without their ends. Empty lines are passed over.
 *
 * @throws ConnectError resource_exhausted for a line longer than `maxBytes`, unavailable where the last line has no end.
 */
export async function* readLines(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncIterable<Buffer> {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const line = Buffer.concat([...pending, chunk.subarray(start, end)]);
      if (line.byteLength > maxBytes) {
        throw tooLong(maxBytes);
      }
      pending = [];
      pendingBytes = 0;
      start = end + 1;
      if (line.byteLength > 0) {
        yield line;
      }
    }
    pending.push(chunk.subarray(start));
    pendingBytes += chunk.byteLength - start;
    if (pendingBytes > maxBytes) {
      throw tooLong(maxBytes);
    }
  }
  if (pendingBytes > 0) {
    throw new ConnectError("The stream broke off in the middle of a message.", Code.Unavailable);
  }
}

const newline = "\n".charCodeAt(0);

function tooLong(maxBytes: number): ConnectError {
  return new ConnectError(`The answer is longer than ${maxBytes} bytes.`, Code.ResourceExhausted);
}
