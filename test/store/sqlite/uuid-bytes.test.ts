import fc from "fast-check";
import { expect, test } from "vitest";
import { uuidFromBytes, uuidToBytes } from "../../../src/store/sqlite/uuid-bytes.ts";

test("a UUID is its 16 bytes and back", () => {
  fc.assert(
    fc.property(fc.uuid(), (uuid) => {
      const bytes = uuidToBytes(uuid);
      expect(Buffer.from(bytes).toString("hex")).toBe(uuid.replaceAll("-", ""));
      expect(uuidFromBytes(bytes)).toBe(uuid);
    }),
  );
});
