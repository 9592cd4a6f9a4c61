import { randomBytes } from "node:crypto";

/** A new id: 22 characters of base64url from 16 random bytes. */
export function randomId(): string {
  return randomBytes(16).toString("base64url");
}
