import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { collectBody } from "../../src/wire/collect-body.ts";

async function* chunksOf(...sizes: number[]) {
  for (const size of sizes) {
    yield new Uint8Array(size).fill(size);
  }
}

async function collect(body: AsyncIterable<Uint8Array>, isAborted = false): Promise<Uint8Array[]> {
  return Array.fromAsync(collectBody(body, 5, () => isAborted));
}

describe("a collected body", () => {
  test.each([
    { sizes: [], length: 0 },
    { sizes: [4], length: 4 },
    { sizes: [1, 2, 3, 4], length: 10 },
  ])("is one chunk: $sizes", async ({ sizes, length }) => {
    expect((await collect(chunksOf(...sizes))).map(({ byteLength }) => byteLength)).toEqual([length]);
  });

  test("that is too long is refused before the rest of it is read", async () => {
    let isRestRead = false;
    async function* body() {
      yield* chunksOf(6, 6);
      isRestRead = true;
      yield new Uint8Array(1);
    }
    await expect(collect(body())).rejects.toMatchObject({ code: Code.ResourceExhausted });
    expect(isRestRead).toBe(false);
  });

  test("that its sender gave up is none, however whole it looks", async () => {
    await expect(collect(chunksOf(4), true)).rejects.toMatchObject({ code: Code.Canceled });
  });
});
