/**
 * Lays the Protobuf files of others that buf needs into third_party/, from installed packages, so that generating
 * needs no schema registry and the repository holds nobody else's files. Run by `npm run generate`.
 */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { file_buf_validate_validate } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { printProtoFile } from "./print-proto-file.ts";

const root = join(import.meta.dirname, "..");
const target = join(root, "third_party");

/** Where each file is found: a package's own entry point, then the path from there. */
const copies: readonly (readonly [file: string, packageName: string, path: string])[] = [
  ["google/api/annotations.proto", "google-gax", "protos/google/api/annotations.proto"],
  ["google/api/http.proto", "google-gax", "protos/google/api/http.proto"],
  ["google/rpc/error_details.proto", "google-gax", "protos/google/rpc/error_details.proto"],
  ["grpc/health/v1/health.proto", "grpc-health-check", "proto/health/v1/health.proto"],
  ["grpc/reflection/v1/reflection.proto", "@grpc/reflection", "proto/grpc/reflection/v1/reflection.proto"],
  ["grpc/reflection/v1alpha/reflection.proto", "@grpc/reflection", "proto/grpc/reflection/v1alpha/reflection.proto"],
];

rmSync(target, { recursive: true, force: true });
for (const [file, packageName, path] of copies) {
  const to = join(target, file);
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(join(packageBuildFolder(packageName), path), to);
}

// No package ships the source of validate.proto, but protovalidate ships its descriptor.
const validate = join(target, "buf/validate/validate.proto");
mkdirSync(dirname(validate), { recursive: true });
writeFileSync(validate, printProtoFile(file_buf_validate_validate.proto));

/** The folder that holds a package's protos/ or proto/ folder, found from the package's entry point. */
function packageBuildFolder(packageName: string): string {
  const entry = fileURLToPath(import.meta.resolve(packageName));
  const [before, after = ""] = entry.split(`/node_modules/${packageName}/`);
  const build = packageName === "grpc-health-check" ? "" : (after.split("/")[0] ?? "");
  return join(`${before}/node_modules/${packageName}`, build);
}
