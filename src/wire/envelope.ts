/** The flags and the length before each message of an enveloped protocol, in bytes. */
export const envelopeHeadBytes = 5;

/** The length of the message that a head announces. */
export function envelopeLength(head: Uint8Array): number {
  return new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(1);
}
