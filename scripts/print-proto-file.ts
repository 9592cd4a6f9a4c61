import { isFieldSet } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";

/** The end of `extensions 1000 to max`, as descriptors store it: one past the largest field number. */
const extensionRangeMax = 536_870_912;

const scalarNames: Partial<Record<FieldDescriptorProto_Type, string>> = {
  [FieldDescriptorProto_Type.DOUBLE]: "double",
  [FieldDescriptorProto_Type.FLOAT]: "float",
  [FieldDescriptorProto_Type.INT64]: "int64",
  [FieldDescriptorProto_Type.UINT64]: "uint64",
  [FieldDescriptorProto_Type.INT32]: "int32",
  [FieldDescriptorProto_Type.FIXED64]: "fixed64",
  [FieldDescriptorProto_Type.FIXED32]: "fixed32",
  [FieldDescriptorProto_Type.BOOL]: "bool",
  [FieldDescriptorProto_Type.STRING]: "string",
  [FieldDescriptorProto_Type.BYTES]: "bytes",
  [FieldDescriptorProto_Type.UINT32]: "uint32",
  [FieldDescriptorProto_Type.SFIXED32]: "sfixed32",
  [FieldDescriptorProto_Type.SFIXED64]: "sfixed64",
  [FieldDescriptorProto_Type.SINT32]: "sint32",
  [FieldDescriptorProto_Type.SINT64]: "sint64",
};

/**
 * The source text of a proto2 file from its descriptor: messages, enums, oneofs, reserved and extension ranges, and
 * top-level extensions. Custom options are left out, for the runtime's own copy of the descriptor keeps them.
 *
 * @throws Error for what no file printed here uses yet (nested types, groups, default values), rather than print it wrong.
 */
export function printProtoFile(file: FileDescriptorProto): string {
  const blocks = [
    `syntax = "proto2";`,
    `package ${file.package};`,
    file.dependency.map((name) => `import "${name}";`).join("\n"),
    `option go_package = "${file.options?.goPackage ?? ""}";`,
    ...file.extension.map((field) => `extend ${field.extendee} {\n${printField(field)}\n}`),
    ...file.messageType.map(printMessage),
    ...file.enumType.map(printEnum),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function printMessage(message: DescriptorProto): string {
  if (message.nestedType.length + message.enumType.length + message.extension.length > 0) {
    throw new Error(`${message.name} has nested declarations, which printProtoFile() does not print yet`);
  }
  const plain = message.field.filter((field) => !inOneof(field)).map(printField);
  const oneofs = message.oneofDecl.map((oneof, index) => {
    const members = message.field.filter((field) => inOneof(field) && field.oneofIndex === index);
    return `  oneof ${oneof.name} {\n${members.map((field) => printMember(field)).join("\n")}\n  }`;
  });
  const ranges = message.extensionRange.map(({ start, end }) => `  extensions ${printRange(start, end - 1)};`);
  const reserved = message.reservedRange.map(({ start, end }) => `  reserved ${printRange(start, end - 1)};`);
  const reservedNames = message.reservedName.map((name) => `  reserved "${name}";`);
  return `message ${message.name} {\n${[...plain, ...oneofs, ...ranges, ...reserved, ...reservedNames].join("\n")}\n}`;
}

/** An unset index reads as 0, which is also the index of the first oneof. */
function inOneof(field: FieldDescriptorProto): boolean {
  return isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex);
}

function printEnum(enumeration: EnumDescriptorProto): string {
  const values = enumeration.value.map((value) => `  ${value.name} = ${value.number};`);
  // Unlike in messages, the end of an enum's reserved range is inclusive.
  const reserved = enumeration.reservedRange.map(({ start, end }) => `  reserved ${printRange(start, end)};`);
  const reservedNames = enumeration.reservedName.map((name) => `  reserved "${name}";`);
  return `enum ${enumeration.name} {\n${[...values, ...reserved, ...reservedNames].join("\n")}\n}`;
}

function printField(field: FieldDescriptorProto): string {
  const labels = {
    [FieldDescriptorProto_Label.OPTIONAL]: "optional",
    [FieldDescriptorProto_Label.REPEATED]: "repeated",
    [FieldDescriptorProto_Label.REQUIRED]: "required",
  };
  return `  ${labels[field.label]} ${printMember(field)}`;
}

function printMember(field: FieldDescriptorProto): string {
  if (field.defaultValue !== "") {
    throw new Error(`${field.name} has a default value, which printProtoFile() does not print yet`);
  }
  const type = scalarNames[field.type] ?? field.typeName;
  if (type === "") {
    throw new Error(`${field.name} is of a type that printProtoFile() does not print yet`);
  }
  return `${type} ${field.name} = ${field.number};`;
}

function printRange(first: number, last: number): string {
  if (first === last) {
    return String(first);
  }
  return `${first} to ${last === extensionRangeMax - 1 ? "max" : last}`;
}
