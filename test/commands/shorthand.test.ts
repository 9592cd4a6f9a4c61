import { describe, expect, test } from "vitest";
import { parseShorthand, type ShorthandValue } from "../../src/commands/client/shorthand.ts";

/** The value as plain JSON; a file is `{ "@": location }`. */
function plain(value: ShorthandValue): unknown {
  switch (value.kind) {
    case "text":
      return value.text;
    case "file":
      return { "@": value.location };
    case "list":
      return value.items.map(plain);
    default:
      return Object.fromEntries([...value.members].map(([key, each]) => [key, plain(each)]));
  }
}

describe("shorthand is parsed", () => {
  test.each<[string, unknown]>([
    ["vendor=canonical,product=ubuntu", { vendor: "canonical", product: "ubuntu" }],
    ["a=", { a: "" }],
    ["a=,b=1", { a: "", b: "1" }],
    ["a=b c", { a: "b c" }],
    [" a = b , c = d ", { a: "b", c: "d" }],
    ["a=x,y,z", { a: ["x", "y", "z"] }],
    ["a=x,y,b=1", { a: ["x", "y"], b: "1" }],
    ["a=x,'y,z',b=1", { a: ["x", "y,z"], b: "1" }],
    ["a=[x,y]", { a: ["x", "y"] }],
    ["a=[x]", { a: ["x"] }],
    ["a=[]", { a: [] }],
    ["a=[ x , y ]", { a: ["x", "y"] }],
    ["a=[[x],[y,z]]", { a: [["x"], ["y", "z"]] }],
    ["a={}", { a: {} }],
    ["a={b=1,c=2}", { a: { b: "1", c: "2" } }],
    ["a={b={c={d=1}}},e=2", { a: { b: { c: { d: "1" } } }, e: "2" }],
    ["a=[{b=1},{b=2,c=[3]}]", { a: [{ b: "1" }, { b: "2", c: ["3"] }] }],
    ['a="x, y"', { a: "x, y" }],
    ["a='x, y'", { a: "x, y" }],
    ['a=""', { a: "" }],
    ['a="it\'s"', { a: "it's" }],
    ["a='say \"x\"'", { a: 'say "x"' }],
    [String.raw`a="\"q\" \\ \n"`, { a: String.raw`"q" \ \n` }],
    [String.raw`a='it\'s'`, { a: "it's" }],
    [String.raw`a=x\,y`, { a: "x,y" }],
    [String.raw`a=\,`, { a: "," }],
    [String.raw`a=C:\dir\file`, { a: String.raw`C:\dir\file` }],
    ["a=b=c", { a: "b=c" }],
    ["a=Zm9vYg==", { a: "Zm9vYg==" }],
    ["a=Zm9vYg==,b=1", { a: "Zm9vYg==", b: "1" }],
    ["a=https://host/path?x=y#z", { a: "https://host/path?x=y#z" }],
    ["a=x[0,b=1", { a: "x[0", b: "1" }],
    ['a=["",x]', { a: ["", "x"] }],
    ["aws:tag/key.1-2_3#4=v", { "aws:tag/key.1-2_3#4": "v" }],
    ['"a key, quoted"=v', { "a key, quoted": "v" }],
    ["a@=file://path/to it", { a: { "@": "file://path/to it" } }],
    ["a={b@=fileb://x},c=1", { a: { b: { "@": "fileb://x" } }, c: "1" }],
    ["ключ=значение", { ключ: "значение" }],
    ["a=x\ny", { a: "x\ny" }],
    ["__proto__=1", Object.fromEntries([["__proto__", "1"]])],
  ])("%s", (text, expected) => {
    const parsed = parseShorthand(text);
    if ("problem" in parsed) {
      expect(parsed.problem).toMatch(shouldFail(text));
    } else {
      expect(plain(parsed.value)).toEqual(expected);
    }
  });
});

/** Nothing in the table above may fail. */
function shouldFail(text: string): RegExp {
  throw new Error(`${text} does not parse`);
}

describe("what is no shorthand is refused with its position and without its text", () => {
  test.each([
    ["", "a key is expected (at 0)"],
    ["a", "'=' is expected (at 1)"],
    ["=1", "a key is expected (at 0)"],
    ["a=1,", "a key is expected (at 4)"],
    ["a=1,,b=2", "a value is expected (at 4)"],
    ["a=,,b=2", "a value is expected (at 3)"],
    ["a=[,x]", "a value is expected (at 3)"],
    ["a=[x,]", "a value is expected (at 5)"],
    ["a={b=1},{b=2}", "a key is expected (at 8)"],
    ["a=x[0]", "',' is expected (at 5)"],
    ["a=1,a=2", "a key is given twice (at 4)"],
    ["a=[1", "']' is expected (at 4)"],
    ["a=[1,2", "']' is expected (at 6)"],
    ["a={b=1", "',' is expected (at 6)"],
    ["a={b}", "'=' is expected (at 4)"],
    ["a={b=1]", "',' is expected (at 6)"],
    ["a='x", "a quote is not closed (at 2)"],
    ['a="x\\"', "a quote is not closed (at 2)"],
    ["a='x'y", "',' is expected (at 5)"],
    ["a=1}", "',' is expected (at 3)"],
    ["secret-token", "'=' is expected (at 12)"],
  ])("%s", (text, problem) => {
    expect(parseShorthand(text)).toEqual({ problem });
  });
});
