import type { DescFile } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import type { ServerReflectionRequest } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import type { ServerReflectionRequest as ServerReflectionRequestV1Alpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import type { DescriptorIndex } from "./descriptor-index.ts";
import type { FileEncoder } from "./file-encoder.ts";
import { reachableFiles } from "./reachable-files.ts";

/** A request of either version; the two have the same fields. */
export type ReflectionRequest = ServerReflectionRequest | ServerReflectionRequestV1Alpha;

/** What a request is answered with, as the initial value of the response's oneof in either version. */
export type ReflectionAnswer =
  | { case: "fileDescriptorResponse"; value: { fileDescriptorProto: Uint8Array[] } }
  | { case: "allExtensionNumbersResponse"; value: { baseTypeName: string; extensionNumber: number[] } }
  | { case: "listServicesResponse"; value: { service: { name: string }[] } }
  | { case: "errorResponse"; value: { errorCode: Code; errorMessage: string } };

/**
 * One stream of reflection: answers its requests and remembers which files its client has.
 *
 * The file that is asked for is always sent, as the first of its answer, since clients take an answer without a file
 * for a fault. What it imports follows, without the files that the stream carried before.
 */
export class ReflectionStream {
  readonly #index: DescriptorIndex;
  readonly #encode: FileEncoder;
  readonly #sent = new Set<DescFile>();

  constructor(index: DescriptorIndex, encode: FileEncoder) {
    this.#index = index;
    this.#encode = encode;
  }

  /** A request that cannot be answered gets an error response, and the stream goes on. */
  answer({ messageRequest: request }: ReflectionRequest): ReflectionAnswer {
    switch (request.case) {
      case "listServices":
        return {
          case: "listServicesResponse",
          value: { service: this.#index.serviceNames.map((name) => ({ name })) },
        };
      case "fileByFilename":
        return this.#files(this.#index.fileNamed(request.value), `file "${request.value}"`);
      case "fileContainingSymbol":
        return this.#files(this.#index.fileOfSymbol(request.value), `symbol "${request.value}"`);
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = request.value;
        const file = this.#index.fileOfExtension(containingType, extensionNumber);
        return this.#files(file, `extension ${extensionNumber} of "${containingType}"`);
      }
      case "allExtensionNumbersOfType":
        return this.#extensionNumbers(request.value);
      case undefined:
        return failure(Code.InvalidArgument, "message_request: must be set to one of the kinds of request");
    }
  }

  #files(file: DescFile | undefined, wanted: string): ReflectionAnswer {
    if (file === undefined) {
      return failure(Code.NotFound, `this server knows no ${wanted}`);
    }
    const files = reachableFiles([file]).filter((each) => each === file || !this.#sent.has(each));
    for (const each of files) {
      this.#sent.add(each);
    }
    return { case: "fileDescriptorResponse", value: { fileDescriptorProto: files.map(this.#encode) } };
  }

  #extensionNumbers(typeName: string): ReflectionAnswer {
    const numbers = this.#index.extensionNumbers(typeName);
    return numbers === undefined
      ? failure(Code.NotFound, `this server knows no message type "${typeName}"`)
      : { case: "allExtensionNumbersResponse", value: { baseTypeName: typeName, extensionNumber: [...numbers] } };
  }
}

function failure(errorCode: Code, errorMessage: string): ReflectionAnswer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
