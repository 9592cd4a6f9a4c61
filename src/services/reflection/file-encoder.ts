import { type DescFile, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** Gives a file as the bytes of its FileDescriptorProto, custom options included. */
export type FileEncoder = (file: DescFile) => Uint8Array<ArrayBuffer>;

/** An encoder that serialises a file when it is first asked for, and once. Its bytes must not be changed. */
export function createFileEncoder(): FileEncoder {
  const encoded = new Map<DescFile, Uint8Array<ArrayBuffer>>();
  return (file) => {
    const known = encoded.get(file);
    if (known !== undefined) {
      return known;
    }
    // Custom options are unknown fields of the option messages, which are written as they were read.
    const bytes = toBinary(FileDescriptorProtoSchema, file.proto);
    encoded.set(file, bytes);
    return bytes;
  };
}
