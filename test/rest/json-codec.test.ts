import { create, type DescMessage, equals, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { file_sessiongateway_cis_v1_cis_session } from "../../src/gen/sessiongateway/cis/v1/cis_session_pb.ts";
import { CisSessionService } from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { createJsonCodecs } from "../../src/rest/json-codec.ts";
import { arbitraryMessage } from "./arbitrary-message.ts";
import { testMessage, testProtos } from "./test-protos.ts";

const codecs = createJsonCodecs(testProtos);
const Kinds = testMessage("Kinds");
const kinds = codecs.message(Kinds);

/**
 * What is written of a message with nothing in it: numbers and booleans, which are information when they are 0, and lists
 * and maps, which clients go through without looking whether they are there.
 */
const defaults = {
  flag: false,
  int32: 0,
  sint32: 0,
  sfixed32: 0,
  uint32: 0,
  fixed32: 0,
  int64: "0",
  sint64: "0",
  sfixed64: "0",
  uint64: "0",
  fixed64: "0",
  int64Text: "0",
  float: 0,
  double: 0,
  texts: [],
  int32s: [],
  colors: [],
  children: [],
  anythings: [],
  textByText: {},
  colorByInt32: {},
  kindsByInt64: {},
  textByFlag: {},
  int32Wrappers: [],
  structByText: {},
  times: [],
};

function decode(desc: DescMessage, text: string) {
  return codecs.message(desc).decode(JSON.parse(text));
}

/** REST JSON, and protobuf's JSON of the same message. */
const sameBothWays: readonly (readonly [rest: object, proto: JsonValue])[] = [
  [{}, {}],
  [{ text: "a" }, { text: "a" }],
  [{ text: '\u0000 é € 𝄞 \u2028 " \\ /' }, { text: '\u0000 é € 𝄞 \u2028 " \\ /' }],
  [{ flag: true }, { flag: true }],
  [{ blob: "+/8=" }, { blob: "+/8=" }],
  [
    { int32: -2147483648, sint32: 2147483647, sfixed32: -1 },
    { int32: -2147483648, sint32: 2147483647, sfixed32: -1 },
  ],
  [
    { uint32: 4294967295, fixed32: 1 },
    { uint32: 4294967295, fixed32: 1 },
  ],
  [
    { int64: "-9223372036854775808", sint64: "9223372036854775807" },
    { int64: "-9223372036854775808", sint64: "9223372036854775807" },
  ],
  [
    { uint64: "18446744073709551615", fixed64: "1", sfixed64: "-1" },
    { uint64: "18446744073709551615", fixed64: "1", sfixed64: "-1" },
  ],
  [{ int64Text: "-12" }, { int64Text: "-12" }],
  [
    { float: 1.5, double: 1e-300 },
    { float: 1.5, double: 1e-300 },
  ],
  [
    { float: "NaN", double: "-Infinity" },
    { float: "NaN", double: "-Infinity" },
  ],
  [{ double: "Infinity" }, { double: "Infinity" }],
  [{ color: "DARK_BLUE" }, { color: "COLOR_DARK_BLUE" }],
  [
    { optionalText: "", optionalInt32: 0, optionalBlob: "" },
    { optionalText: "", optionalInt32: 0, optionalBlob: "" },
  ],
  [{ optionalColor: "RED" }, { optionalColor: "COLOR_RED" }],
  [
    { texts: ["", "a"], int32s: [0, 1], colors: ["RED", "DARK_BLUE"] },
    { texts: ["", "a"], int32s: [0, 1], colors: ["COLOR_RED", "COLOR_DARK_BLUE"] },
  ],
  [{ children: [defaults, { ...defaults, text: "a" }] }, { children: [{}, { text: "a" }] }],
  [{ anythings: [null, 1, "a", { b: [] }] }, { anythings: [null, 1, "a", { b: [] }] }],
  [{ textByText: { a: "", "": "b" } }, { textByText: { a: "", "": "b" } }],
  [
    { colorByInt32: { "-1": "RED", "2147483647": "DARK_BLUE" } },
    { colorByInt32: { "-1": "COLOR_RED", "2147483647": "COLOR_DARK_BLUE" } },
  ],
  [{ kindsByInt64: { "9223372036854775807": defaults } }, { kindsByInt64: { "9223372036854775807": {} } }],
  [{ textByFlag: { true: "a", false: "b" } }, { textByFlag: { true: "a", false: "b" } }],
  [{ choiceText: "" }, { choiceText: "" }],
  [{ choiceInt32: 0 }, { choiceInt32: 0 }],
  [{ choiceFlag: false }, { choiceFlag: false }],
  [{ choiceKinds: { ...defaults, choiceText: "a" } }, { choiceKinds: { choiceText: "a" } }],
  [{ choiceWrapper: "a" }, { choiceWrapper: "a" }],
  [{ choiceColor: "RED" }, { choiceColor: "COLOR_RED" }],
  [{ child: { ...defaults, child: { ...defaults, text: "a" } } }, { child: { child: { text: "a" } } }],
  [{ time: "2024-02-29T12:34:56.789Z" }, { time: "2024-02-29T12:34:56.789Z" }],
  [{ times: ["1970-01-01T00:00:00Z"] }, { times: ["1970-01-01T00:00:00Z"] }],
  [
    { duration: "-1.500s", mask: "a,b.cD" },
    { duration: "-1.5s", mask: "a,b.cD" },
  ],
  [{ struct: { a: [1, null, { b: "c" }] } }, { struct: { a: [1, null, { b: "c" }] } }],
  [{ structByText: { a: { b: 1 } } }, { structByText: { a: { b: 1 } } }],
  [{ anything: null }, { anything: null }],
  [
    { anything: { a: 1 }, list: [1, "a"] },
    { anything: { a: 1 }, list: [1, "a"] },
  ],
  [
    { textWrapper: "", int64Wrapper: "5", blobWrapper: "AA==", flagWrapper: false },
    { textWrapper: "", int64Wrapper: "5", blobWrapper: "AA==", flagWrapper: false },
  ],
  [{ int32Wrappers: [0, 1] }, { int32Wrappers: [0, 1] }],
  [
    { any: { "@type": "type.googleapis.com/resttest.v1.Shades", shade: "DARK" } },
    { any: { "@type": "type.googleapis.com/resttest.v1.Shades", shade: "DARK" } },
  ],
  [{ "another-name": "a" }, { "another-name": "a" }],
  [
    { toString: "a", constructor: "b" },
    { toString: "a", constructor: "b" },
  ],
];

test.each(sameBothWays)("%j is read and written", (rest, proto) => {
  const message = fromJson(Kinds, proto, { registry: testProtos });
  const decoded = kinds.decode(JSON.parse(JSON.stringify(rest)));
  expect(decoded).toEqual({ value: message, faults: [] });
  expect(JSON.parse(JSON.stringify(kinds.encode(message)))).toEqual({ ...defaults, ...rest });
});

/** JSON that is read and written otherwise, and protobuf's JSON of the message. */
const readOnly: readonly (readonly [text: string, proto: JsonValue])[] = [
  ['{"unknown": {"text": 1}, "text": "a"}', { text: "a" }],
  ['{"another_name": "a", "renamed": "b", "optional_text": "c", "int32_s": 1}', {}],
  ['{"text": null, "int32": null, "child": null, "texts": null, "textByText": null, "time": null}', {}],
  ['{"choiceText": null, "choiceInt32": 1, "choiceKinds": null}', { choiceInt32: 1 }],
  ['{"int32": 1.0, "uint32": 1e2, "sint32": -0}', { int32: 1, uint32: 100 }],
  ['{"int64": 9007199254740991, "uint64": 0, "int64Text": 3}', { int64: "9007199254740991", int64Text: "3" }],
  ['{"time": "2024-02-29T14:34:56+02:00"}', { time: "2024-02-29T12:34:56Z" }],
  ['{"text": "a", "text": "b"}', { text: "b" }],
  ['{"null": null, "anything": null}', { null: null, anything: null }],
  ['{"__proto__": {"text": "a"}, "toString": "b", "hasOwnProperty": 1}', { toString: "b" }],
];

test.each(readOnly)("%s is read", (text, proto) => {
  expect(decode(Kinds, text)).toEqual({ value: fromJson(Kinds, proto), faults: [] });
});

const malformed: readonly (readonly [text: string, path: string, expected: string])[] = [
  ["[]", "", "a JSON object"],
  ["10", "", "a JSON object"],
  ["null", "", "a JSON object"],
  ['"a"', "", "a JSON object"],
  ['{"text": 1}', "/text", "a string"],
  ['{"text": true}', "/text", "a string"],
  ['{"text": ["a"]}', "/text", "a string"],
  ['{"text": {}}', "/text", "a string"],
  ['{"text": "\\ud800"}', "/text", "a string of Unicode characters"],
  ['{"flag": "true"}', "/flag", "true or false"],
  ['{"flag": 1}', "/flag", "true or false"],
  ['{"blob": 1}', "/blob", "a base64 string"],
  ['{"blob": ["AA=="]}', "/blob", "a base64 string"],
  ['{"blob": "xyz"}', "/blob", "base64 in the standard alphabet with padding"],
  ['{"blob": "YmxvYg="}', "/blob", "base64 in the standard alphabet with padding"],
  ['{"blob": "YmxvYg"}', "/blob", "base64 in the standard alphabet with padding"],
  ['{"blob": "-_8="}', "/blob", "base64 in the standard alphabet with padding"],
  ['{"blob": "YWJj\\nYWJj"}', "/blob", "base64 in the standard alphabet with padding"],
  ['{"blob": " YWJj"}', "/blob", "base64 in the standard alphabet with padding"],
  ['{"blob": "YQ==YQ=="}', "/blob", "base64 in the standard alphabet with padding"],
  ['{"blob": "YR=="}', "/blob", "base64 in the standard alphabet with padding"],
  ['{"blob": "===="}', "/blob", "base64 in the standard alphabet with padding"],
  ['{"blob": "YWJj€"}', "/blob", "base64 in the standard alphabet with padding"],
  ['{"int32": "1"}', "/int32", "an integer from -2147483648 to 2147483647"],
  ['{"int32": 1.001}', "/int32", "an integer from -2147483648 to 2147483647"],
  ['{"int32": true}', "/int32", "an integer from -2147483648 to 2147483647"],
  ['{"int32": [1]}', "/int32", "an integer from -2147483648 to 2147483647"],
  ['{"int32": "NaN"}', "/int32", "an integer from -2147483648 to 2147483647"],
  ['{"int32": 2147483648}', "/int32", "an integer from -2147483648 to 2147483647"],
  ['{"int32": -2147483649}', "/int32", "an integer from -2147483648 to 2147483647"],
  ['{"int32": 1e400}', "/int32", "an integer from -2147483648 to 2147483647"],
  ['{"int32": 123456789012345678901234567890}', "/int32", "an integer from -2147483648 to 2147483647"],
  ['{"uint32": -1}', "/uint32", "an integer from 0 to 4294967295"],
  ['{"fixed32": 4294967296}', "/fixed32", "an integer from 0 to 4294967295"],
  ['{"int64": "9223372036854775808"}', "/int64", "an integer from -9223372036854775808 to 9223372036854775807"],
  ['{"int64": 9007199254740993}', "/int64", "an integer from -9223372036854775808 to 9223372036854775807"],
  ['{"int64": "1.0"}', "/int64", "an integer from -9223372036854775808 to 9223372036854775807"],
  ['{"int64": "0x1"}', "/int64", "an integer from -9223372036854775808 to 9223372036854775807"],
  ['{"int64": ""}', "/int64", "an integer from -9223372036854775808 to 9223372036854775807"],
  ['{"int64": " 1"}', "/int64", "an integer from -9223372036854775808 to 9223372036854775807"],
  ['{"int64": 1.5}', "/int64", "an integer from -9223372036854775808 to 9223372036854775807"],
  ['{"uint64": "-1"}', "/uint64", "an integer from 0 to 18446744073709551615"],
  ['{"uint64": -1}', "/uint64", "an integer from 0 to 18446744073709551615"],
  ['{"float": "1.5"}', "/float", "a 32-bit float"],
  ['{"float": 1e39}', "/float", "a 32-bit float"],
  ['{"double": 1e400}', "/double", "a number"],
  ['{"double": "1"}', "/double", "a number"],
  ['{"double": "nan"}', "/double", "a number"],
  ['{"double": null, "color": 1}', "/color", "a string"],
  ['{"color": ["RED"]}', "/color", "a string"],
  ['{"texts": "a"}', "/texts", "a JSON array"],
  ['{"texts": {"0": "a"}}', "/texts", "a JSON array"],
  ['{"texts": ["a", null]}', "/texts/1", "other than null"],
  ['{"texts": ["a", 1]}', "/texts/1", "a string"],
  ['{"colors": [null]}', "/colors/0", "other than null"],
  ['{"children": [{}, {"int32s": [1, 2, "3"]}]}', "/children/1/int32s/2", "an integer from -2147483648 to 2147483647"],
  ['{"children": [null]}', "/children/0", "other than null"],
  ['{"textByText": []}', "/textByText", "a JSON object"],
  ['{"textByText": {"a": null}}', "/textByText/a", "other than null"],
  ['{"textByText": {"a/b~c": 1}}', "/textByText/a~1b~0c", "a string"],
  [`{"textByText": {"${"k".repeat(1000)}": 1}}`, `/textByText/${"k".repeat(64)}…`, "a string"],
  ['{"textByText": {"\\udc00": "a"}}', "/textByText/\udc00", "a string of Unicode characters"],
  ['{"colorByInt32": {"a": "RED"}}', "/colorByInt32/a", "an integer from -2147483648 to 2147483647"],
  ['{"colorByInt32": {"01": "RED"}}', "/colorByInt32/01", "an integer from -2147483648 to 2147483647"],
  ['{"colorByInt32": {"1.5": "RED"}}', "/colorByInt32/1.5", "an integer from -2147483648 to 2147483647"],
  ['{"colorByInt32": {"": "RED"}}', "/colorByInt32/", "an integer from -2147483648 to 2147483647"],
  [
    '{"kindsByInt64": {"9223372036854775808": {}}}',
    "/kindsByInt64/9223372036854775808",
    "an integer from -9223372036854775808 to 9223372036854775807",
  ],
  ['{"textByFlag": {"TRUE": "a"}}', "/textByFlag/TRUE", "under the key true or false"],
  ['{"choiceText": "a", "choiceInt32": 1}', "/choiceInt32", "absent, as another member of the same union is there"],
  ['{"child": []}', "/child", "a JSON object"],
  ['{"child": {"child": {"text": 1}}}', "/child/child/text", "a string"],
  ['{"time": 1700000000}', "/time", "an RFC 3339 date-time"],
  ['{"time": "1700000000"}', "/time", "an RFC 3339 date-time"],
  ['{"time": "Tue, 29 Apr 2014 18:30:38 GMT"}', "/time", "an RFC 3339 date-time"],
  ['{"null": 0}', "/null", "null"],
  ['{"time": "2024-02-29"}', "/time", "an RFC 3339 date-time"],
  ['{"times": [null]}', "/times/0", "other than null"],
  ['{"duration": "1"}', "/duration", 'a duration in seconds such as "1.5s"'],
  ['{"mask": 1}', "/mask", "a string of field names"],
  ['{"struct": []}', "/struct", "a JSON object"],
  ['{"list": {}}', "/list", "a JSON array"],
  ['{"any": {"@type": "type.googleapis.com/no.Such"}}', "/any", "an object with a known @type"],
  ['{"textWrapper": 1}', "/textWrapper", "a string"],
  ['{"int32Wrappers": [1, null]}', "/int32Wrappers/1", "other than null"],
  ['{"another-name": 1}', "/another-name", "a string"],
];

test.each(malformed)("%s is malformed", (text, path, expected) => {
  expect(decode(Kinds, text)).toEqual({ malformed: { path, expected } });
});

describe("enums", () => {
  const Shades = testMessage("Shades");

  test.each([
    ["color", '{"color": "GREEN"}', ["color"]],
    ["color", '{"color": ""}', ["color"]],
    ["color", '{"color": "COLOR_RED"}', ["color"]],
    ["color", '{"color": "red"}', ["color"]],
    ["color", '{"color": "UNSPECIFIED"}', ["color"]],
    ["color", '{"color": "toString"}', ["color"]],
    ["color", '{"colors": ["RED", "GREEN", "RED", "BLUE"]}', ["colors[1]", "colors[3]"]],
    ["color", '{"colorByInt32": {"1": "GREEN"}, "choiceColor": "GREEN"}', ['color_by_int32["1"]', "choice_color"]],
    ["color", '{"children": [{}, {"child": {"optionalColor": "GREEN"}}]}', ["children[1].child.optional_color"]],
    ["color", '{"kindsByInt64": {"7": {"color": "GREEN"}}}', ['kinds_by_int64["7"].color']],
  ])("a text that names no value is a fault of the field, not malformed: %s %s", (_, text, fields) => {
    const decoded = decode(Kinds, text);
    expect("faults" in decoded ? decoded.faults : decoded).toEqual(
      fields.map((field) => ({
        field,
        description: "value must be one of RED, DARK_BLUE",
        rule: "enum.defined_only",
      })),
    );
  });

  test("keep the places of a list, so that later faults name the right element", () => {
    const decoded = decode(Kinds, '{"colors": ["RED", "GREEN", "DARK_BLUE"]}');
    expect("value" in decoded && decoded.value).toMatchObject({ colors: [1, 0, 2] });
  });

  test("whose zero value is one like the others take and give its name", () => {
    expect(decode(Shades, '{"shade": "LIGHT", "shades": ["LIGHT", "DARK"]}')).toMatchObject({
      value: { shade: 0, shades: [0, 1] },
      faults: [],
    });
    expect(codecs.message(Shades).encode(create(Shades, { shades: [0, 1] }))).toEqual({ shades: ["LIGHT", "DARK"] });
  });

  test("of a newer server are written as digits", () => {
    expect(codecs.message(Shades).encode(create(Shades, { shade: 7 }))).toEqual({ shade: "7", shades: [] });
  });
});

test("at most 100 faults are kept of a hostile body", () => {
  const decoded = kinds.decode({ colors: Array.from({ length: 10_000 }, () => "GREEN") });
  expect("faults" in decoded && decoded.faults).toHaveLength(100);
});

describe("nesting", () => {
  const nested = (depth: number) => `${'{"child":'.repeat(depth - 1)}{}${"}".repeat(depth - 1)}`;

  test("100 deep is read", () => {
    expect(decode(Kinds, nested(100))).toHaveProperty("value");
  });

  test.each([101, 10_000])("%d deep is malformed", (depth) => {
    expect(decode(Kinds, nested(depth))).toEqual({
      malformed: { path: "/child".repeat(100), expected: "nested at most 100 deep" },
    });
  });

  test("is what is counted, not how many messages there are", () => {
    expect(decode(Kinds, `{"children": [${Array(200).fill("{}").join()}]}`)).toHaveProperty("value");
  });

  test("is not limited in what is ignored", () => {
    expect(decode(Kinds, `{"unknown": ${"[".repeat(10_000)}${"]".repeat(10_000)}}`)).toHaveProperty("value");
  });

  test("of a Struct past the limit is malformed too", () => {
    expect(decode(Kinds, `{"struct": ${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}}`)).toHaveProperty("malformed");
  });
});

describe("a key called __proto__", () => {
  const text = '{"textByText": {"__proto__": "a", "constructor": "b"}, "struct": {"__proto__": {"polluted": true}}}';

  test("is a key like any other, both ways, and changes no object", () => {
    const decoded = decode(Kinds, text);
    const value = "value" in decoded ? decoded.value : undefined;
    expect(Object.keys((value as unknown as { textByText: object }).textByText)).toEqual(["__proto__", "constructor"]);
    const written = JSON.stringify(value && kinds.encode(value));
    expect(written).toContain('"textByText":{"__proto__":"a","constructor":"b"}');
    expect(written).toContain('"struct":{"__proto__":{"polluted":true}}');
    expect({}).not.toHaveProperty("polluted");
  });
});

describe("a time", () => {
  test.each([
    [0n, 0, "1970-01-01T00:00:00Z"],
    [0n, 1_000_000, "1970-01-01T00:00:00.001Z"],
    [1n, 999_999_999, "1970-01-01T00:00:01.999999999Z"],
    [-1n, 500_000_000, "1969-12-31T23:59:59.500Z"],
    [253_402_300_799n, 999_000_000, "9999-12-31T23:59:59.999Z"],
    [-62_135_596_800n, 0, "0001-01-01T00:00:00Z"],
  ])("of %d s and %d ns is %s", (seconds, nanos, text) => {
    expect(kinds.encode(create(Kinds, { time: { seconds, nanos } }))).toMatchObject({ time: text });
    expect(toJson(TimestampSchema, create(TimestampSchema, { seconds, nanos }))).toBe(text);
  });

  test.each([
    [253_402_300_800n, 0],
    [-62_135_596_801n, 0],
    [0n, 1_000_000_000],
    [0n, -1_000_000],
  ])("of %d s and %d ns cannot be written", (seconds, nanos) => {
    expect(() => kinds.encode(create(Kinds, { time: { seconds, nanos } }))).toThrow();
  });
});

test("members are written in the order of the fields", () => {
  const message = fromJson(Kinds, { child: {}, texts: ["a"], text: "b", choiceText: "c" });
  const ofNumbers = Object.keys(defaults).slice(0, Object.keys(defaults).indexOf("texts"));
  expect(Object.keys(kinds.encode(message) as object)).toEqual([
    "text",
    ...ofNumbers,
    ...["texts", "int32s", "colors", "children", "anythings"],
    ...["textByText", "colorByInt32", "kindsByInt64", "textByFlag"],
    ...["choiceText", "child"],
    ...["int32Wrappers", "structByText", "times"],
  ]);
});

test("fields that are carried elsewhere are neither read nor written", () => {
  const text = Kinds.fields.filter(({ name }) => name === "text");
  const codec = codecs.message(Kinds, new Set(text));
  expect(codec.decode({ text: 1, int32: 2 })).toMatchObject({ value: { text: "", int32: 2 } });
  expect(codec.encode(fromJson(Kinds, { text: "a" }))).not.toHaveProperty("text");
});

describe("every message of the CIS API comes back from its REST JSON", () => {
  const ofRpcs = CisSessionService.methods.flatMap(({ input, output }) => [input, output]);
  const descs = new Set([...file_sessiongateway_cis_v1_cis_session.messages, ...ofRpcs]);

  test.each([...descs].map((desc) => [desc.name, desc] as const))("%s", (_, desc) => {
    const codec = codecs.message(desc);
    fc.assert(
      fc.property(arbitraryMessage(desc), (message) => {
        const decoded = codec.decode(JSON.parse(JSON.stringify(codec.encode(message))));
        expect(decoded).toMatchObject({ faults: [] });
        expect("value" in decoded && decoded.value !== undefined && toJson(desc, decoded.value)).toEqual(
          toJson(desc, message),
        );
        expect("value" in decoded && decoded.value !== undefined && equals(desc, decoded.value, message)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
