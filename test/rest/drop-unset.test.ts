import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { dropUnset, dropUnsetOfField } from "../../src/rest/drop-unset.ts";
import { createJsonCodecs } from "../../src/rest/json-codec.ts";
import { testMessage, testProtos } from "./test-protos.ts";

const Kinds = testMessage("Kinds");
const { encode } = createJsonCodecs(testProtos).message(Kinds);

test.each<JsonObject>([
  {},
  { text: "a", optionalText: "", optionalInt32: 0 },
  { texts: [""], int32s: [0], textByText: { a: "" } },
  { child: {} },
  { child: { child: { flag: true, texts: ["a"] } } },
  { children: [{}, { int32: 1 }] },
  { kindsByInt64: { "7": {}, "8": { textByFlag: { true: "" } } } },
  { choiceKinds: {} },
  { struct: { a: [], b: {} }, structByText: { a: {} }, anything: [], list: [[]] },
])("of %j, only what it says is left, at every depth", (proto) => {
  const message = fromJson(Kinds, proto);
  const json = encode(message) as Record<string, unknown>;
  dropUnset(Kinds, message, json);
  expect(json).toEqual(proto);
});

test.each<JsonObject>([{ child: { text: "a" } }, { children: [{}, { int32: 1 }] }, { kindsByInt64: { "7": {} } }])(
  "of the one field of %j too",
  (proto) => {
    const message = fromJson(Kinds, proto);
    const [name = ""] = Object.keys(proto);
    const field = Kinds.fields.find(({ jsonName }) => jsonName === name);
    if (field === undefined) {
      throw new Error(`there is no field ${name}`);
    }
    const json = (encode(message) as JsonObject)[name];
    dropUnsetOfField(field, message[field.localName as keyof typeof message], json);
    expect(json).toEqual(proto[name]);
  },
);
