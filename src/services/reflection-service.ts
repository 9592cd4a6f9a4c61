import type { DescFile, DescService } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { ServerReflection } from "../gen/grpc/reflection/v1/reflection_pb.ts";
import type { ServerReflection as ServerReflectionV1Alpha } from "../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { createDescriptorIndex } from "./reflection/descriptor-index.ts";
import { createFileEncoder } from "./reflection/file-encoder.ts";
import { type ReflectionAnswer, type ReflectionRequest, ReflectionStream } from "./reflection/reflection-stream.ts";

/** One implementation of both versions of server reflection: serve it as grpc.reflection.v1 and as v1alpha. */
type ReflectionService = ServiceImpl<typeof ServerReflection> & ServiceImpl<typeof ServerReflectionV1Alpha>;

/** A response of the version that its request has. */
interface ReflectionResponse<Request extends ReflectionRequest> {
  readonly validHost: string;
  readonly originalRequest: Request;
  readonly messageResponse: ReflectionAnswer;
}

/**
 * gRPC server reflection (https://github.com/grpc/grpc/blob/master/doc/server-reflection.md) of exactly these services,
 * which should include reflection itself. Only their files, the further files and what those import can be read.
 *
 * @param furtherFiles Files that no service imports and clients want all the same, such as that of error details.
 */
export function createReflectionService(
  services: readonly DescService[],
  furtherFiles: readonly DescFile[] = [],
): ReflectionService {
  const index = createDescriptorIndex(services, furtherFiles);
  const encode = createFileEncoder();
  return {
    async *serverReflectionInfo<Request extends ReflectionRequest>(
      requests: AsyncIterable<Request>,
    ): AsyncIterable<ReflectionResponse<Request>> {
      const stream = new ReflectionStream(index, encode);
      for await (const request of requests) {
        yield { validHost: request.host, originalRequest: request, messageResponse: stream.answer(request) };
      }
    },
  };
}
