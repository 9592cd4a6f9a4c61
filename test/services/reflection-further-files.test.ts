import { expect, test } from "vitest";
import { file_google_rpc_error_details } from "../../src/gen/google/rpc/error_details_pb.ts";
import { CisSessionService } from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { createDescriptorIndex } from "../../src/services/reflection/descriptor-index.ts";

test("error details, which no service imports, can be read where their file is named", () => {
  const services = [CisSessionService];
  const symbol = "google.rpc.BadRequest.FieldViolation";
  expect(createDescriptorIndex(services, []).fileOfSymbol(symbol)).toBeUndefined();
  const index = createDescriptorIndex(services, [file_google_rpc_error_details]);
  expect(index.fileOfSymbol(symbol)).toBe(file_google_rpc_error_details);
  expect(index.fileNamed("google/protobuf/duration.proto")).toBeDefined();
});
