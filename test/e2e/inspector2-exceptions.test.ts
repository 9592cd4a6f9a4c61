import {
  AccessDeniedException,
  ConflictException,
  Inspector2Client,
  Inspector2ServiceException,
  InternalServerException,
  SendCisSessionHealthCommand,
  ThrottlingException,
  ValidationException,
} from "@aws-sdk/client-inspector2";
import { expect, onTestFinished, test } from "vitest";
import { GatewayError } from "../../src/domain/errors.ts";
import { CisSessionService } from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { newAgent } from "../support/cis-fixtures.ts";
import { failingServer } from "../support/failing-server.ts";

const fields = [{ field: "scan_job_id", description: "is wrong", rule: "string.pattern" }];
const resource = { type: "CIS_SESSION", id: "a" };

test.each([
  ["invalid", ValidationException, 400, { reason: "FIELD_VALIDATION_FAILED", fields: [{ name: "scanJobId" }] }],
  ["notFound", ValidationException, 400, { reason: "OTHER" }],
  ["conflict", ConflictException, 409, { resourceId: "a", resourceType: "CIS_SESSION" }],
  ["aborted", ConflictException, 409, { resourceId: "a", resourceType: "CIS_SESSION" }],
  ["denied", AccessDeniedException, 403, {}],
  ["throttled", ThrottlingException, 429, { retryAfterSeconds: 3 }],
  ["internal", InternalServerException, 500, { retryAfterSeconds: 1 }],
] as const)(
  "the SDK catches what is %s by the class of the model, with its members",
  async (kind, exception, httpStatusCode, members) => {
    const failure = new GatewayError(kind, `It is ${kind}.`, {
      ...(kind === "invalid" ? { fields } : { resource }),
      ...(kind === "throttled" ? { retryAfterMs: 2500 } : {}),
    });
    const { url: endpoint } = await failingServer(CisSessionService, failure);
    const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
    const client = new Inspector2Client({ endpoint, region: "us-east-1", credentials, maxAttempts: 1 });
    onTestFinished(() => client.destroy());
    const error = await client.send(new SendCisSessionHealthCommand(newAgent())).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Inspector2ServiceException);
    expect(error).toBeInstanceOf(exception);
    expect(error).toMatchObject({ message: `It is ${kind}.`, $metadata: { httpStatusCode }, ...members });
  },
);
