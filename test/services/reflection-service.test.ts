import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import {
  clearField,
  clone,
  create,
  createFileRegistry,
  fromBinary,
  getExtension,
  getOption,
  toBinary,
} from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { field as validateField } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { Code } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { Client, credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { http } from "../../src/gen/google/api/annotations_pb.ts";
import { Health } from "../../src/gen/grpc/health/v1/health_pb.ts";
import { ServerReflection, type ServerReflectionResponse } from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import {
  type ServerReflectionResponse as ServerReflectionResponseV1Alpha,
  ServerReflection as ServerReflectionV1Alpha,
} from "../../src/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { CisSessionState } from "../../src/gen/sessiongateway/cis/v1/cis_session_pb.ts";
import { CisSessionService } from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { MethodRestSchema, method as methodRest } from "../../src/gen/sessiongateway/rest/v1/rest_pb.ts";
import { createHealthService } from "../../src/services/health-service.ts";
import { HealthStatus } from "../../src/services/health-status.ts";
import { createReflectionService } from "../../src/services/reflection-service.ts";

const served = [CisSessionService, Health, ServerReflection, ServerReflectionV1Alpha];
const serviceFile = "sessiongateway/cis/v1/cis_session_service.proto";
const scanJobId = "0a1b2c3d-0000-4000-8000-00000000000f";

/** The API as the Protobuf compiler of the build sees it: what reflection must agree with. */
const image = fromBinary(FileDescriptorSetSchema, readFileSync(new URL("../../src/gen/image.binpb", import.meta.url)));

type Version = typeof ServerReflection | typeof ServerReflectionV1Alpha;
type Question =
  | {
      case: "listServices" | "fileByFilename" | "fileContainingSymbol" | "allExtensionNumbersOfType";
      value: string;
    }
  | { case: "fileContainingExtension"; value: { containingType: string; extensionNumber: number } }
  | { case: undefined };
type Answer = ServerReflectionResponse | ServerReflectionResponseV1Alpha;

let server: Http2Server;
let client: Client;
let url: string;
const sessions = new Set<ServerHttp2Session>();

beforeAll(async () => {
  const reflection = createReflectionService(served);
  const adapter = connectNodeAdapter({
    routes: (router) => {
      router.service(ServerReflection, reflection);
      router.service(ServerReflectionV1Alpha, reflection);
      router.service(Health, createHealthService(new HealthStatus()));
      router.service(CisSessionService, {
        getCisSession: (request) => ({
          session: { scanJobId: request.scanJobId, state: CisSessionState.STARTED, attempt: 2 },
        }),
      });
    },
  });
  server = createServer(adapter);
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  url = `http://127.0.0.1:${port}`;
  client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
});

afterAll(async () => {
  client.close();
  for (const session of sessions) {
    session.close();
  }
  await new Promise((resolve) => server.close(resolve));
});

/** Asks one question after the other on one stream, each when the one before was answered. */
async function ask(version: Version, questions: readonly Question[]): Promise<Answer[]> {
  const { input, output } = version.method.serverReflectionInfo;
  const call = client.makeBidiStreamRequest<Question, Answer>(
    `/${version.typeName}/ServerReflectionInfo`,
    (messageRequest) => Buffer.from(toBinary(input, create(input, { host: "gateway.test", messageRequest }))),
    (bytes) => fromBinary(output, bytes),
  );
  const incoming = call[Symbol.asyncIterator]();
  const answers: Answer[] = [];
  for (const question of questions) {
    call.write(question);
    const next = await incoming.next();
    answers.push(next.value);
  }
  call.end();
  expect(await incoming.next()).toMatchObject({ done: true });
  return answers;
}

async function askOne(version: Version, question: Question): Promise<Answer> {
  const [answer] = await ask(version, [question]);
  if (answer === undefined) {
    throw new Error("the stream ended without an answer");
  }
  return answer;
}

function filesOf(answer: Answer | undefined): FileDescriptorProto[] {
  if (answer?.messageResponse.case !== "fileDescriptorResponse") {
    throw new Error(`no files, but ${JSON.stringify(answer?.messageResponse)}`);
  }
  return answer.messageResponse.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

function namesOf(answer: Answer | undefined): string[] {
  return filesOf(answer).map((file) => file.name);
}

/** The names of a file of the image and of everything it imports, directly or not. */
function importsOf(name: string, found = new Set<string>()): Set<string> {
  found.add(name);
  for (const dependency of image.file.find((file) => file.name === name)?.dependency ?? []) {
    if (!found.has(dependency)) {
      importsOf(dependency, found);
    }
  }
  return found;
}

const versions = [
  { name: "v1", version: ServerReflection },
  { name: "v1alpha", version: ServerReflectionV1Alpha },
];

describe.each(versions)("reflection $name", ({ version }) => {
  test("lists exactly the services that are served", async () => {
    const answer = await askOne(version, { case: "listServices", value: "" });
    expect(answer.messageResponse).toMatchObject({
      case: "listServicesResponse",
      value: {
        service: [
          { name: "grpc.health.v1.Health" },
          { name: "grpc.reflection.v1.ServerReflection" },
          { name: "grpc.reflection.v1alpha.ServerReflection" },
          { name: "sessiongateway.cis.v1.CisSessionService" },
        ],
      },
    });
  });

  test("repeats host and request in its answer", async () => {
    const question: Question = { case: "fileByFilename", value: serviceFile };
    const answer = await askOne(version, question);
    expect(answer.$typeName).toBe(version.method.serverReflectionInfo.output.typeName);
    expect(answer.validHost).toBe("gateway.test");
    expect(answer.originalRequest).toMatchObject({
      $typeName: version.method.serverReflectionInfo.input.typeName,
      host: "gateway.test",
      messageRequest: question,
    });
  });

  test.each(served.map((service) => service.file.proto.name).concat("google/protobuf/timestamp.proto"))(
    "gives %s first and then all that it imports",
    async (name) => {
      const names = namesOf(await askOne(version, { case: "fileByFilename", value: name }));
      expect(names[0]).toBe(name);
      expect(names).toHaveLength(new Set(names).size);
      expect(new Set(names)).toEqual(importsOf(name));
    },
  );

  test.each([
    { kind: "service", symbol: "sessiongateway.cis.v1.CisSessionService", file: serviceFile },
    { kind: "method", symbol: "sessiongateway.cis.v1.CisSessionService.StopCisSession", file: serviceFile },
    { kind: "message", symbol: "sessiongateway.cis.v1.StopCisSessionRequest", file: serviceFile },
    { kind: "field", symbol: "sessiongateway.cis.v1.StopCisSessionRequest.scan_job_id", file: serviceFile },
    { kind: "enum", symbol: "sessiongateway.rest.v1.ErrorDialect", file: "sessiongateway/rest/v1/rest.proto" },
    {
      kind: "enum value",
      symbol: "sessiongateway.rest.v1.ERROR_DIALECT_NIMBLE",
      file: "sessiongateway/rest/v1/rest.proto",
    },
    { kind: "extension", symbol: "google.api.http", file: "google/api/annotations.proto" },
    { kind: "oneof", symbol: "google.api.HttpRule.pattern", file: "google/api/http.proto" },
    {
      kind: "nested enum",
      symbol: "grpc.health.v1.HealthCheckResponse.ServingStatus",
      file: "grpc/health/v1/health.proto",
    },
    {
      kind: "map entry",
      symbol: "grpc.health.v1.HealthListResponse.StatusesEntry",
      file: "grpc/health/v1/health.proto",
    },
    {
      kind: "nested message of an import",
      symbol: "google.protobuf.DescriptorProto.ExtensionRange",
      file: "google/protobuf/descriptor.proto",
    },
    {
      kind: "its own service",
      symbol: "grpc.reflection.v1alpha.ServerReflection",
      file: "grpc/reflection/v1alpha/reflection.proto",
    },
  ])("finds the file of a symbol: $kind", async ({ symbol, file }) => {
    const names = namesOf(await askOne(version, { case: "fileContainingSymbol", value: symbol }));
    expect(names[0]).toBe(file);
    expect(new Set(names)).toEqual(importsOf(file));
  });

  test.each([
    {
      extensionNumber: 72295728,
      containingType: "google.protobuf.MethodOptions",
      file: "google/api/annotations.proto",
    },
    {
      extensionNumber: 50720,
      containingType: "google.protobuf.MethodOptions",
      file: "sessiongateway/rest/v1/rest.proto",
    },
    { extensionNumber: 1159, containingType: "google.protobuf.FieldOptions", file: "buf/validate/validate.proto" },
  ])("finds the file of extension $extensionNumber of $containingType", async ({ file, ...value }) => {
    const names = namesOf(await askOne(version, { case: "fileContainingExtension", value }));
    expect(names[0]).toBe(file);
  });

  test.each([
    { type: "google.protobuf.MethodOptions", numbers: [50720, 72295728] },
    { type: "google.protobuf.FieldOptions", numbers: [1159, 1160, 50720] },
    { type: "sessiongateway.cis.v1.CisSession", numbers: [] },
  ])("gives the numbers of all extensions of $type", async ({ type, numbers }) => {
    const answer = await askOne(version, { case: "allExtensionNumbersOfType", value: type });
    expect(answer.messageResponse).toMatchObject({
      case: "allExtensionNumbersResponse",
      value: { baseTypeName: type, extensionNumber: numbers },
    });
  });

  const unknown = (value: string) => ({ code: Code.NotFound, value, text: value });
  test.each([
    { what: "a file", case: "fileByFilename", ...unknown("no/such.proto") },
    { what: "the store's own file", case: "fileByFilename", ...unknown("sessiongateway/store/v1/records.proto") },
    { what: "a symbol", case: "fileContainingSymbol", ...unknown("no.such.Symbol") },
    { what: "a package", case: "fileContainingSymbol", ...unknown("sessiongateway.cis.v1") },
    { what: "an empty symbol", case: "fileContainingSymbol", code: Code.NotFound, value: "", text: `symbol ""` },
    { what: "a property of objects", case: "fileContainingSymbol", ...unknown("constructor") },
    {
      what: "the store's own message",
      case: "fileContainingSymbol",
      ...unknown("sessiongateway.store.v1.CisSessionRecord"),
    },
    { what: "a type", case: "allExtensionNumbersOfType", ...unknown("no.such.Message") },
    {
      what: "an enum as extended type",
      case: "allExtensionNumbersOfType",
      ...unknown("sessiongateway.rest.v1.ErrorDialect"),
    },
    { what: "a service never served", case: "fileContainingSymbol", ...unknown("google.rpc.BadRequest") },
    {
      what: "an extension number",
      case: "fileContainingExtension",
      code: Code.NotFound,
      value: { containingType: "google.protobuf.MethodOptions", extensionNumber: 4711 },
      text: `4711 of "google.protobuf.MethodOptions"`,
    },
    {
      what: "an extended type",
      case: "fileContainingExtension",
      code: Code.NotFound,
      value: { containingType: "no.such.Message", extensionNumber: 1159 },
      text: `1159 of "no.such.Message"`,
    },
    { what: "a request of no kind", case: undefined, code: Code.InvalidArgument, text: "message_request" },
  ] as const)("answers $what with an error and goes on", async ({ what: _, code, text, ...question }) => {
    const [failed, next] = await ask(version, [question as Question, { case: "fileByFilename", value: serviceFile }]);
    expect(failed?.messageResponse).toMatchObject({
      case: "errorResponse",
      value: { errorCode: code, errorMessage: expect.stringContaining(text) },
    });
    expect(namesOf(next)[0]).toBe(serviceFile);
  });

  test("sends no import twice on one stream, and what is asked for always", async () => {
    const questions: Question[] = [
      { case: "fileByFilename", value: "google/api/annotations.proto" },
      { case: "fileContainingSymbol", value: "sessiongateway.cis.v1.CisSessionService" },
      { case: "fileContainingSymbol", value: "grpc.health.v1.Health" },
      { case: "fileByFilename", value: "google/api/http.proto" },
    ];
    const [annotations, service, health, imported] = await ask(version, questions);
    const both = [...namesOf(annotations), ...namesOf(service)];
    expect(both).toHaveLength(new Set(both).size);
    expect(new Set(both)).toEqual(importsOf(serviceFile));
    expect(namesOf(health)).toEqual(["grpc/health/v1/health.proto"]);
    expect(namesOf(imported)).toEqual(["google/api/http.proto"]);
  });

  test("sends everything again on another stream", async () => {
    const question: Question = { case: "fileByFilename", value: serviceFile };
    const first = namesOf(await askOne(version, question));
    expect(namesOf(await askOne(version, question))).toEqual(first);
  });

  test("gives the files as they were compiled, with their custom options", async () => {
    const files = filesOf(await askOne(version, { case: "fileByFilename", value: serviceFile }));
    const ours = files.filter((file) => file.name.startsWith("sessiongateway/"));
    expect(ours).toHaveLength(3);
    for (const file of ours) {
      expect(toBinary(FileDescriptorProtoSchema, file)).toEqual(compiled(file.name));
    }
  });

  test("gives files that reversed are a file set, with routes, REST behaviour and limits in it", async () => {
    const files = filesOf(await askOne(version, { case: "fileByFilename", value: serviceFile }));
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: files.reverse() }));
    const stop = registry.getService("sessiongateway.cis.v1.CisSessionService")?.method["stopCisSession"];
    if (stop === undefined) {
      throw new Error("the reflected files have no StopCisSession");
    }
    expect(getOption(stop, http)).toMatchObject({ pattern: { case: "put", value: "/cissession/stop" }, body: "*" });
    expect(getOption(stop, methodRest)).toEqual(create(MethodRestSchema, { emptyResponseBody: true }));
    const options = stop.input.field["scanJobId"]?.proto.options;
    expect(options && getExtension(options, validateField)).toMatchObject({
      required: true,
      type: { case: "string", value: { pattern: expect.stringContaining("[a-f0-9]{8}") } },
    });
  });
});

/** A file of the image as its compiler made it, without source positions and without what buf adds. */
function compiled(name: string): Uint8Array {
  const file = image.file.find((each) => each.name === name);
  if (file === undefined) {
    throw new Error(`the image has no ${name}`);
  }
  const copy = clone(FileDescriptorProtoSchema, file);
  clearField(copy, FileDescriptorProtoSchema.field.sourceCodeInfo);
  delete copy.$unknown;
  return toBinary(FileDescriptorProtoSchema, copy);
}

describe.each(["grpc-v1", "grpc-v1alpha"])("buf curl, with no schema but reflection %s", (protocol) => {
  async function bufCurl(path: string, ...options: string[]): Promise<string> {
    const buf = new URL("../../node_modules/.bin/buf", import.meta.url).pathname;
    const common = ["curl", "--http2-prior-knowledge", "--protocol", "grpc", "--reflect-protocol", protocol];
    const { stdout } = await promisify(execFile)(process.execPath, [buf, ...common, ...options, `${url}${path}`], {
      timeout: 20_000,
    });
    return stdout;
  }

  test("lists the services", async () => {
    expect((await bufCurl("", "--list-services")).trim().split("\n")).toEqual(
      served.map((each) => each.typeName).sort(),
    );
  });

  test("lists the methods", async () => {
    const methods = served.flatMap((service) => service.methods.map((method) => `${service.typeName}/${method.name}`));
    expect((await bufCurl("", "--list-methods")).trim().split("\n").sort()).toEqual(methods.sort());
  });

  test("calls an RPC", async () => {
    const reply = await bufCurl(
      "/sessiongateway.cis.v1.CisSessionService/GetCisSession",
      "--data",
      JSON.stringify({ scanJobId }),
    );
    expect(JSON.parse(reply)).toEqual({
      session: { scanJobId, state: "CIS_SESSION_STATE_STARTED", attempt: 2 },
    });
  });
});
