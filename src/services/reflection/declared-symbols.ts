import type {
  DescriptorProto,
  EnumDescriptorProto,
  FileDescriptorProto,
  ServiceDescriptorProto,
} from "@bufbuild/protobuf/wkt";

/**
 * The fully-qualified name of everything that a file declares: services, methods, messages, fields, oneofs, enums, enum
 * values and extensions, nested ones too. The value of an enum belongs to the scope around the enum, as protobuf has it.
 */
export function declaredSymbols(file: FileDescriptorProto): readonly string[] {
  return [
    ...file.service.flatMap((service) => serviceSymbols(file.package, service)),
    ...file.messageType.flatMap((message) => messageSymbols(file.package, message)),
    ...file.enumType.flatMap((enumeration) => enumSymbols(file.package, enumeration)),
    ...namesIn(file.package, file.extension),
  ];
}

function serviceSymbols(scope: string, service: ServiceDescriptorProto): readonly string[] {
  const name = qualified(scope, service.name);
  return [name, ...namesIn(name, service.method)];
}

function messageSymbols(scope: string, message: DescriptorProto): readonly string[] {
  const name = qualified(scope, message.name);
  return [
    name,
    ...namesIn(name, message.field),
    ...namesIn(name, message.oneofDecl),
    ...namesIn(name, message.extension),
    ...message.enumType.flatMap((enumeration) => enumSymbols(name, enumeration)),
    ...message.nestedType.flatMap((nested) => messageSymbols(name, nested)),
  ];
}

function enumSymbols(scope: string, enumeration: EnumDescriptorProto): readonly string[] {
  return [qualified(scope, enumeration.name), ...namesIn(scope, enumeration.value)];
}

function namesIn(scope: string, declarations: readonly { readonly name: string }[]): readonly string[] {
  return declarations.map((declaration) => qualified(scope, declaration.name));
}

function qualified(scope: string, name: string): string {
  return scope === "" ? name : `${scope}.${name}`;
}
