import { create } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { declaredSymbols } from "../../src/services/reflection/declared-symbols.ts";

const everyDeclaration = {
  service: [{ name: "Service", method: [{ name: "Method" }] }],
  messageType: [
    {
      name: "Outer",
      field: [{ name: "field" }],
      oneofDecl: [{ name: "choice" }],
      extension: [{ name: "nested_extension" }],
      enumType: [{ name: "Mood", value: [{ name: "CALM" }] }],
      nestedType: [{ name: "Inner", field: [{ name: "deep" }], nestedType: [{ name: "Innermost" }] }],
    },
  ],
  enumType: [{ name: "Colour", value: [{ name: "RED" }, { name: "BLUE" }] }],
  extension: [{ name: "extension" }],
};

const names = [
  "Service",
  "Service.Method",
  "Outer",
  "Outer.field",
  "Outer.choice",
  "Outer.nested_extension",
  "Outer.Mood",
  "Outer.CALM",
  "Outer.Inner",
  "Outer.Inner.deep",
  "Outer.Inner.Innermost",
  "Colour",
  "RED",
  "BLUE",
  "extension",
];

test.each([
  { title: "in a package, under its name", package: "a.b", symbols: names.map((name) => `a.b.${name}`) },
  { title: "without a package, under its bare name", package: "", symbols: names },
])("every declaration of a file is a symbol, $title", ({ package: packageName, symbols }) => {
  const file = create(FileDescriptorProtoSchema, { name: "every.proto", package: packageName, ...everyDeclaration });
  expect([...declaredSymbols(file)].sort()).toEqual([...symbols].sort());
});
