import { hash, timingSafeEqual } from "node:crypto";

/** The SHA-256 hash under which a session token is kept. */
export function hashSessionToken(token: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hash("sha256", token, "buffer"));
}

/** Whether a token is the one that was kept, compared in constant time. */
export function isSessionToken(token: string, kept: Uint8Array): boolean {
  const given = hashSessionToken(token);
  return given.byteLength === kept.byteLength && timingSafeEqual(given, kept);
}
