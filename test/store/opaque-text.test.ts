import fc from "fast-check";
import { expect, test } from "vitest";
import { formatOpaque, parseOpaque } from "../../src/store/opaque-text.ts";

const values = fc.array(fc.oneof(fc.string({ unit: "grapheme" }), fc.maxSafeInteger()), { maxLength: 5 });

test("an opaque text gives back its values", () => {
  fc.assert(
    fc.property(values, (given) => {
      const text = formatOpaque(given);
      expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
      expect(parseOpaque(text, 10_000)).toEqual(given.map((value) => (Object.is(value, -0) ? 0 : value)));
    }),
  );
});

test("a text is read in one spelling only", () => {
  const alphabet = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"];
  for (const text of [formatOpaque(["a"]), formatOpaque(["ab"]), formatOpaque(["abc"])]) {
    const spellings = alphabet.map((last) => `${text.slice(0, -1)}${last}`);
    expect(spellings.filter((spelling) => parseOpaque(spelling, 1000) !== undefined)).toEqual([text]);
  }
});

test("a text that is too long is not read", () => {
  const text = formatOpaque(["a"]);
  expect(parseOpaque(text, text.length)).toEqual(["a"]);
  expect(parseOpaque(text, text.length - 1)).toBeUndefined();
});

test("any other text gives nothing", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
      expect(parseOpaque(text, 10_000)).toBeUndefined();
    }),
  );
});
