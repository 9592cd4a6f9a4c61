import { crc32 } from "node:zlib";

const version = 1;
const checksumBytes = 4;
const base64url = /^[A-Za-z0-9_-]+$/;

/** Values as printable ASCII that only parseOpaque() reads. The checksum is no protection against forgery, but against accidents. */
export function formatOpaque(values: readonly (string | number)[]): string {
  const body = Buffer.from(JSON.stringify([version, ...values]));
  const bytes = Buffer.allocUnsafe(checksumBytes + body.length);
  bytes.writeUInt32BE(crc32(body));
  body.copy(bytes, checksumBytes);
  return bytes.toString("base64url");
}

/**
 * The values of a text that formatOpaque() made, or undefined.
 *
 * @param maxLength Past which a text is not looked at.
 */
export function parseOpaque(text: string, maxLength: number): readonly unknown[] | undefined {
  if (text.length > maxLength || !base64url.test(text)) {
    return undefined;
  }
  const bytes = Buffer.from(text, "base64url");
  const body = bytes.subarray(checksumBytes);
  if (body.length === 0 || bytes.readUInt32BE() !== crc32(body) || bytes.toString("base64url") !== text) {
    return undefined;
  }
  const [found, ...values] = parseArray(body.toString());
  return found === version ? values : undefined;
}

function parseArray(json: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
