import { Code, ConnectError } from "@connectrpc/connect";
import { envelopeHeadBytes, envelopeLength } from "./envelope.ts";

/**
 * Cuts a stream of bytes into envelopes, whole ones but for a last one that breaks off, for a decoder that looks at all it has
 * on every chunk takes quadratic time over many small ones.
 *
 * @throws ConnectError resource_exhausted as soon as an envelope announces a message of more than `maxMessageBytes`.
 */
export async function* wholeEnvelopes(
  body: AsyncIterable<Uint8Array>,
  maxMessageBytes: number,
): AsyncIterable<Uint8Array> {
  let chunks: Uint8Array[] = [];
  let length = 0;
  let wanted = envelopeHeadBytes;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length < wanted) {
      continue;
    }
    let rest: Uint8Array = Buffer.concat(chunks, length);
    wanted = endOfFirst(rest, maxMessageBytes);
    while (rest.byteLength >= wanted) {
      yield rest.subarray(0, wanted);
      rest = rest.subarray(wanted);
      wanted = endOfFirst(rest, maxMessageBytes);
    }
    chunks = [rest];
    length = rest.byteLength;
  }
  if (length > 0) {
    yield Buffer.concat(chunks, length);
  }
}

/** Where the first envelope ends, or its head where that has not arrived. */
function endOfFirst(bytes: Uint8Array, maxMessageBytes: number): number {
  if (bytes.byteLength < envelopeHeadBytes) {
    return envelopeHeadBytes;
  }
  const messageLength = envelopeLength(bytes);
  if (messageLength > maxMessageBytes) {
    throw new ConnectError(`The message is larger than ${maxMessageBytes} bytes.`, Code.ResourceExhausted);
  }
  return envelopeHeadBytes + messageLength;
}
