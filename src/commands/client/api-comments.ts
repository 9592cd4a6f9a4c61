import { readFileSync } from "node:fs";
import { type DescField, type DescMessage, type DescMethod, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

/** Made by `npm run generate` and shipped with the program. Unlike the generated code it has the comments. */
const image = new URL("../../gen/image.binpb", import.meta.url);

/** Numbers of fields in descriptor.proto, of which the paths of comments are made. */
const inFile = { message: 4, service: 6 } as const;
const inMessage = { field: 2, nested: 3 } as const;
const inService = { method: 2 } as const;

/** What the protos say about RPCs and fields. The text is empty where they say nothing. */
export interface ApiComments {
  ofMethod(method: DescMethod): string;
  ofField(field: DescField): string;
}

let known: ApiComments | undefined;

/** The comments of the API, read at the first use. All are empty where the image is missing. */
export function apiComments(): ApiComments {
  known ??= readComments();
  return known;
}

function readComments(): ApiComments {
  const texts = new Map<string, string>();
  for (const { name, sourceCodeInfo } of readFiles()) {
    for (const { path, leadingComments } of sourceCodeInfo?.location ?? []) {
      if (leadingComments !== "") {
        texts.set(key(name, path), leadingComments);
      }
    }
  }
  return {
    ofMethod: (method) => plain(texts.get(key(method.parent.file.proto.name, methodPath(method)))),
    ofField: (field) => plain(texts.get(key(field.parent.file.proto.name, fieldPath(field)))),
  };
}

function readFiles() {
  try {
    return fromBinary(FileDescriptorSetSchema, readFileSync(image)).file;
  } catch {
    return [];
  }
}

function key(file: string, path: readonly number[]): string {
  return `${file} ${path.join(".")}`;
}

function methodPath({ parent, proto }: DescMethod): readonly number[] {
  const service = parent.file.proto.service.indexOf(parent.proto);
  return [inFile.service, service, inService.method, parent.proto.method.indexOf(proto)];
}

function fieldPath({ parent, proto }: DescField): readonly number[] {
  return [...messagePath(parent), inMessage.field, parent.proto.field.indexOf(proto)];
}

function messagePath({ parent, proto, file }: DescMessage): readonly number[] {
  return parent === undefined
    ? [inFile.message, file.proto.messageType.indexOf(proto)]
    : [...messagePath(parent), inMessage.nested, parent.proto.nestedType.indexOf(proto)];
}

/** Paragraphs as one line each, with an empty line between. */
function plain(comment = ""): string {
  return comment
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replaceAll(/\s+/g, " ").trim())
    .join("\n\n")
    .trim();
}
