import { Code } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { describe, expect, test } from "vitest";
import { wholeEnvelopes } from "../../src/wire/whole-envelopes.ts";

const first = encodeEnvelope(0, new Uint8Array([1, 2, 3]));
const empty = encodeEnvelope(0, new Uint8Array());
const second = encodeEnvelope(1, new Uint8Array(8).fill(7));
const all = Buffer.concat([first, empty, second]);

async function cut(bytes: Uint8Array, size: number): Promise<string[]> {
  async function* chunks() {
    for (let at = 0; at < bytes.byteLength; at += size) {
      yield bytes.subarray(at, at + size);
    }
  }
  const envelopes = await Array.fromAsync(wholeEnvelopes(chunks(), 8));
  return envelopes.map((envelope) => Buffer.from(envelope).toString("hex"));
}

const hex = (...parts: Uint8Array[]) => parts.map((part) => Buffer.from(part).toString("hex"));

describe("envelopes come whole", () => {
  test.each([1, 2, 3, 4, 5, 7, 8, 9, 13, 14, 25, 26, 100])("from chunks of %d bytes", async (size) => {
    expect(await cut(all, size)).toEqual(hex(first, empty, second));
  });

  test("and one that breaks off comes as far as it goes", async () => {
    expect(await cut(all.subarray(0, 12), 1)).toEqual(hex(first, all.subarray(8, 12)));
    expect(await cut(all.subarray(0, 20), 6)).toEqual(hex(first, empty, all.subarray(13, 20)));
    expect(await cut(new Uint8Array(), 1)).toEqual([]);
  });

  test("and one that is too large is refused by its head", async () => {
    const large = encodeEnvelope(0, new Uint8Array(9));
    await expect(cut(Buffer.concat([first, large.subarray(0, 5)]), 1)).rejects.toMatchObject({
      code: Code.ResourceExhausted,
    });
  });

  test("in linear time", async () => {
    const envelope = encodeEnvelope(0, new Uint8Array(400_000));
    async function* bytes() {
      for (let at = 0; at < envelope.byteLength; at++) {
        yield envelope.subarray(at, at + 1);
      }
    }
    const startedAt = performance.now();
    expect((await Array.fromAsync(wholeEnvelopes(bytes(), 400_000))).length).toBe(1);
    expect(performance.now() - startedAt).toBeLessThan(4000);
  });
});
