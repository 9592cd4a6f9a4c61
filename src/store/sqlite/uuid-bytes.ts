const byteCount = 16;

/** Where in the text of a UUID the two digits of each byte begin. */
const digitOffsets = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;

/** The 16 bytes of a UUID of 36 lower-case characters. What is none gives bytes of no meaning. */
export function uuidToBytes(uuid: string): Uint8Array {
  const bytes = new Uint8Array(byteCount);
  for (let index = 0; index < byteCount; index++) {
    const offset = digitOffsets[index] ?? 0;
    bytes[index] = (digitValue(uuid.charCodeAt(offset)) << 4) | digitValue(uuid.charCodeAt(offset + 1));
  }
  return bytes;
}

/** The text of 36 lower-case characters of a UUID's 16 bytes. */
export function uuidFromBytes(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** `0` to `9` are the characters 48 to 57, `a` to `f` are 97 to 102. */
function digitValue(character: number): number {
  return character < 58 ? character - 48 : character - 87;
}
