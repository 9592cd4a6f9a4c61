import { execFileSync } from "node:child_process";
import {
  createFileRegistry,
  type DescMessage,
  type DescService,
  type FileRegistry,
  fromBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const modules = ["test/rest/protos", "proto", "third_party"].map((path) => ({ path }));

/** The protos beside this file, compiled now. */
export const testProtos: FileRegistry = compile();

function compile(): FileRegistry {
  const config = JSON.stringify({ version: "v2", modules });
  const command = ["node_modules/@bufbuild/buf/bin/buf", "build", "--config", config, "-o", "-#format=binpb"];
  const image = execFileSync(process.execPath, command, { maxBuffer: 16 * 1024 * 1024 });
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, image));
}

/** A message of the test protos. */
export function testMessage(name: string): DescMessage {
  const desc = testProtos.getMessage(`resttest.v1.${name}`);
  if (desc === undefined) {
    throw new Error(`no message ${name}`);
  }
  return desc;
}

/** A service of the test protos. */
export function testService(name: string): DescService {
  const desc = testProtos.getService(`resttest.v1.${name}`);
  if (desc === undefined) {
    throw new Error(`no service ${name}`);
  }
  return desc;
}
