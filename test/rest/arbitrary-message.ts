import { create, type DescField, type DescMessage, type MessageShape, ScalarType } from "@bufbuild/protobuf";
import fc from "fast-check";

/** Messages with arbitrary valid contents, of types with the kinds of fields that this API has. */
export function arbitraryMessage(desc: DescMessage): fc.Arbitrary<MessageShape<DescMessage>> {
  const fields = desc.fields.map((field) => [field.localName, arbitraryField(field)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [] }).map((init) => create(desc, init));
}

function arbitraryField(field: DescField): fc.Arbitrary<unknown> {
  return field.fieldKind === "list" ? fc.array(arbitraryValue(field), { maxLength: 3 }) : arbitraryValue(field);
}

function arbitraryValue(field: DescField): fc.Arbitrary<unknown> {
  if (field.enum !== undefined) {
    // A value that says nothing cannot be sent in a list, and is absent elsewhere.
    const numbers = field.enum.values.map(({ number }) => number);
    return fc.constantFrom(...(field.fieldKind === "list" ? numbers.filter((number) => number !== 0) : numbers));
  }
  if (field.message?.typeName === "google.protobuf.Timestamp") {
    const seconds = fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n });
    const milliseconds = fc.integer({ min: 0, max: 999 }).map((ms) => ms * 1_000_000);
    return fc.record({ seconds, nanos: fc.oneof(milliseconds, fc.integer({ min: 0, max: 999_999_999 })) });
  }
  return field.message === undefined ? arbitraryScalar(field.scalar) : arbitraryMessage(field.message);
}

function arbitraryScalar(type: ScalarType | undefined): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.STRING:
      return fc.string({ unit: "binary" }).map((text) => text.toWellFormed());
    case ScalarType.BYTES:
      return fc.uint8Array();
    case ScalarType.INT32:
      return fc.integer();
    default:
      throw new Error(`no arbitrary for the scalar type ${type}`);
  }
}
