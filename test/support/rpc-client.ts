import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type JsonValue,
  type MessageInitShape,
  type MessageShape,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import * as errorDetails from "../../src/gen/google/rpc/error_details_pb.ts";

/** What a call came to, in a form that is the same for every protocol. */
export type Answer<Output extends DescMessage = DescMessage> =
  | { readonly ok: MessageShape<Output> }
  | { readonly code: keyof typeof Code; readonly message: string; readonly details: Record<string, JsonValue> };

/** Calls RPCs over one protocol, with real clients. */
export interface RpcClient {
  readonly name: string;
  call<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethodUnary<Input, Output>,
    request: MessageInitShape<Input>,
  ): Promise<Answer<Output>>;
  close(): void;
}

interface TransportOptions {
  readonly baseUrl: string;
  readonly useBinaryFormat: boolean;
}

const transports = {
  "gRPC over HTTP/2": (options: TransportOptions) => createGrpcTransport({ ...options }),
  "gRPC-Web over HTTP/1.1": (options: TransportOptions) => createGrpcWebTransport({ ...options, httpVersion: "1.1" }),
  "gRPC-Web over HTTP/2": (options: TransportOptions) => createGrpcWebTransport({ ...options, httpVersion: "2" }),
  "Connect over HTTP/1.1": (options: TransportOptions) => createConnectTransport({ ...options, httpVersion: "1.1" }),
  "Connect over HTTP/2": (options: TransportOptions) => createConnectTransport({ ...options, httpVersion: "2" }),
  "Connect GET": (options: TransportOptions) =>
    createConnectTransport({ ...options, httpVersion: "1.1", useHttpGet: true }),
} as const;

/** A client for each protocol, each also with JSON in place of binary messages, and grpc-js. */
export function rpcClients(baseUrl: string): readonly RpcClient[] {
  const connect = Object.entries(transports).flatMap(([name, createTransport]) => [
    connectClient(name, createTransport({ baseUrl, useBinaryFormat: true })),
    connectClient(`${name}, JSON`, createTransport({ baseUrl, useBinaryFormat: false })),
  ]);
  return [...connect, grpcJsClient(baseUrl)];
}

function connectClient(name: string, transport: ReturnType<typeof createGrpcTransport>): RpcClient {
  return {
    name,
    async call(method, request) {
      try {
        const { message } = await transport.unary(method, undefined, undefined, undefined, request);
        return { ok: message };
      } catch (error) {
        return toAnswer(ConnectError.from(error));
      }
    },
    close() {},
  };
}

function grpcJsClient(baseUrl: string): RpcClient {
  const client = new Client(new URL(baseUrl).host, credentials.createInsecure());
  return {
    name: "gRPC by grpc-js",
    call: (method, request) =>
      new Promise((resolve) => {
        client.makeUnaryRequest(
          `/${method.parent.typeName}/${method.name}`,
          (message: MessageShape<typeof method.input>) => Buffer.from(toBinary(method.input, message)),
          (bytes) => fromBinary(method.output, bytes),
          create(method.input, request),
          new Metadata(),
          (error, reply) => {
            resolve(error === null && reply !== undefined ? { ok: reply } : toAnswer(fromServiceError(error)));
          },
        );
      }),
    close: () => client.close(),
  };
}

function fromServiceError(error: ServiceError | null): ConnectError {
  const trailer = new Headers({
    "grpc-status": String(error?.code),
    "grpc-message": encodeURIComponent(error?.details ?? ""),
  });
  for (const value of error?.metadata.get("grpc-status-details-bin") ?? []) {
    trailer.set("grpc-status-details-bin", Buffer.from(value).toString("base64"));
  }
  return findTrailerError(trailer) ?? new ConnectError("no error");
}

const detailSchemas = Object.values(errorDetails).filter(
  (exported): exported is typeof errorDetails.BadRequestSchema => "kind" in exported && exported.kind === "message",
);

/** The details that arrived, by the name of their type. */
function toAnswer(error: ConnectError): Answer<never> {
  const details: Record<string, JsonValue> = {};
  for (const schema of detailSchemas) {
    for (const detail of error.findDetails(schema)) {
      details[schema.name] = toJson(schema, detail);
    }
  }
  return { code: Code[error.code] as keyof typeof Code, message: error.rawMessage, details };
}
