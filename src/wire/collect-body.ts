import { Code, ConnectError } from "@connectrpc/connect";
import { envelopeHeadBytes } from "./envelope.ts";

/**
 * Collects a body into one chunk, for a decoder that looks at all it has on every chunk takes quadratic time over many
 * small ones.
 *
 * @param isAborted Whether the caller gave the body up. HTTP/2 of Node ends a body that was reset in the middle as if it
 * were whole.
 * @throws ConnectError resource_exhausted as soon as the body is longer than a message of `maxMessageBytes` can be, with the rest unread; canceled
 * for a body that was given up.
 */
export async function* collectBody(
  body: AsyncIterable<Uint8Array>,
  maxMessageBytes: number,
  isAborted: () => boolean,
): AsyncIterable<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > maxMessageBytes + envelopeHeadBytes) {
      throw new ConnectError(`The message is larger than ${maxMessageBytes} bytes.`, Code.ResourceExhausted);
    }
    chunks.push(chunk);
  }
  if (isAborted()) {
    throw new ConnectError("The caller gave the request up.", Code.Canceled);
  }
  yield chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length);
}
