import type { DescExtension, DescFile, DescService } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { declaredSymbols } from "./declared-symbols.ts";
import { reachableFiles } from "./reachable-files.ts";

/** What can be asked about the files that an API is described in. Names are fully qualified, without a leading dot. */
export interface DescriptorIndex {
  /** The names of the services, each once, sorted. */
  readonly serviceNames: readonly string[];
  /** The file with this import path. */
  fileNamed(path: string): DescFile | undefined;
  /** The file that declares this symbol. */
  fileOfSymbol(symbol: string): DescFile | undefined;
  /** The file that declares the extension of a message type with this field number. */
  fileOfExtension(typeName: string, fieldNumber: number): DescFile | undefined;
  /** The field numbers of all extensions of a message type, ascending. Undefined where there is no such message type. */
  extensionNumbers(typeName: string): readonly number[] | undefined;
}

/** Indexes the files that the services are declared in, further files, and all that these import, and no other file. */
export function createDescriptorIndex(
  services: readonly DescService[],
  furtherFiles: readonly DescFile[],
): DescriptorIndex {
  const files = reachableFiles([...services.map((service) => service.file), ...furtherFiles]);
  const byName = new Map(files.map((file) => [file.proto.name, file]));
  const bySymbol = new Map(files.flatMap((file) => declaredSymbols(file.proto).map((symbol) => [symbol, file])));
  const byMessage = extensionsByMessage(files);
  return {
    serviceNames: [...new Set(services.map((service) => service.typeName))].sort(),
    fileNamed: (path) => byName.get(path),
    fileOfSymbol: (symbol) => bySymbol.get(symbol),
    fileOfExtension: (typeName, fieldNumber) =>
      byMessage.get(typeName)?.find((extension) => extension.number === fieldNumber)?.file,
    extensionNumbers: (typeName) => byMessage.get(typeName)?.map((extension) => extension.number),
  };
}

/** The extensions of every message type that the files declare, by ascending number; an empty list where it has none. */
function extensionsByMessage(files: readonly DescFile[]): ReadonlyMap<string, readonly DescExtension[]> {
  const types = files.flatMap((file) => [...nestedTypes(file)]);
  const byExtendee = Map.groupBy(
    types.filter((type) => type.kind === "extension").sort((one, other) => one.number - other.number),
    (extension) => extension.extendee.typeName,
  );
  const messages = types.filter((type) => type.kind === "message");
  return new Map(messages.map(({ typeName }) => [typeName, byExtendee.get(typeName) ?? []]));
}
