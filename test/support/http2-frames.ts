/** HTTP/2 frames written by hand, for what no client would send. RFC 9113, section 4.1. */
export const frameTypes = { data: 0, headers: 1, reset: 3, settings: 4 } as const;

export const flags = { endStream: 1, endHeaders: 4 } as const;

export const clientPreface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export function frame(type: number, frameFlags: number, streamId: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.byteLength, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(frameFlags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/** Headers in HPACK, each a literal without indexing and without Huffman coding, of fewer than 127 bytes. RFC 7541, 6.2.2. */
export function hpack(headers: Readonly<Record<string, string>>): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value, "latin1")]);
  return Buffer.concat(Object.entries(headers).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}
