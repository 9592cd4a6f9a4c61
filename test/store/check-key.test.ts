import { expect, test } from "vitest";
import { checkKey } from "../../src/store/check-key.ts";
import type { KeyValue } from "../../src/store/record-kind.ts";
import { cisFindings } from "../../src/store/record-kinds.ts";

const uuid = "0a0b0c0d-0000-4000-8000-00000000000f";

const given: readonly [string, readonly KeyValue[], string | undefined][] = [
  ["is fine", [uuid, 1, "1.1"], undefined],
  ["may hold any other text", [uuid, -1, "é\u{1d11e} \n"], undefined],
  ["of a UUID in upper case", [uuid.toUpperCase(), 1, "1.1"], "invalid"],
  ["of a UUID without hyphens", [uuid.replaceAll("-", ""), 1, "1.1"], "invalid"],
  ["of a UUID with a line break behind it", [`${uuid}\n`, 1, "1.1"], "invalid"],
  ["of a fraction", [uuid, 1.5, "1.1"], "invalid"],
  ["of a number that is not exact", [uuid, 2 ** 53, "1.1"], "invalid"],
  ["of a text for a number", [uuid, "1", "1.1"], "invalid"],
  ["of half a surrogate pair", [uuid, 1, "\ud800"], "invalid"],
  ["of U+0000", [uuid, 1, "a\0"], "invalid"],
  ["with a value too few", [uuid, 1], "internal"],
  ["with a value too many", [uuid, 1, "1.1", 2], "internal"],
];

test.each(given)("a key %s", (_, key, kind) => {
  expect(checkKey({ kind: cisFindings, key })?.kind).toBe(kind);
});
