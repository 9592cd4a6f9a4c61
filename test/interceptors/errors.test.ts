import { inspect } from "node:util";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextValues, createHandlerContext } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { type ErrorKind, GatewayError } from "../../src/domain/errors.ts";
import {
  BadRequestSchema,
  QuotaFailureSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "../../src/gen/google/rpc/error_details_pb.ts";
import {
  CisSessionService,
  GetCisSessionRequestSchema,
} from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { serve, type UnaryCall } from "../../src/interceptors/call.ts";
import { createCalls } from "../../src/interceptors/create-calls.ts";
import { errors } from "../../src/interceptors/errors.ts";

const secret = "password=hunter2";

/** What a caller gets where the implementation throws `failure`. */
async function answerTo(failure: unknown): Promise<ConnectError> {
  const fail = () => Promise.reject(failure);
  const service = serve(CisSessionService, {
    startCisSession: fail,
    sendCisSessionHealth: fail,
    sendCisSessionTelemetry: fail,
    stopCisSession: fail,
    createCisScanJob: fail,
    getCisSession: fail,
    listCisSessions: fail,
    listCisFindings: fail,
    watchCisSessions: () => {
      throw failure;
    },
  });
  const method = CisSessionService.method.getCisSession;
  const call = createCalls(service, [errors]).find((each) => each.method === method) as UnaryCall;
  const context = createHandlerContext({
    service: CisSessionService,
    method,
    protocolName: "test",
    requestMethod: "POST",
    url: "http://localhost",
    contextValues: createContextValues(),
  });
  return call.invoke(create(GetCisSessionRequestSchema), context).then(
    () => new ConnectError("it succeeded"),
    (error) => error,
  );
}

const resource = { type: "CIS_SESSION", id: "a" };
const fields = [{ field: "scan_job_id", description: "is not known", rule: "string.pattern" }];

describe("every kind of failure has a code and details", () => {
  const table: readonly [ErrorKind, object, Code, readonly string[]][] = [
    ["malformed", {}, Code.InvalidArgument, []],
    ["invalid", { fields }, Code.InvalidArgument, ["BadRequest"]],
    ["invalid", {}, Code.InvalidArgument, ["BadRequest"]],
    ["notFound", { resource }, Code.NotFound, ["ResourceInfo"]],
    ["notFound", { resource, fields }, Code.NotFound, ["ResourceInfo", "BadRequest"]],
    ["conflict", { resource }, Code.FailedPrecondition, ["ResourceInfo"]],
    ["aborted", { resource }, Code.Aborted, ["ResourceInfo"]],
    ["unauthenticated", {}, Code.Unauthenticated, []],
    ["denied", {}, Code.PermissionDenied, []],
    ["throttled", { retryAfterMs: 2500 }, Code.ResourceExhausted, ["RetryInfo"]],
    ["quota", { resource }, Code.ResourceExhausted, ["ResourceInfo", "QuotaFailure"]],
    ["unavailable", {}, Code.Unavailable, ["RetryInfo"]],
    ["internal", {}, Code.Internal, []],
  ];
  test.each(table)("%s %j: %d %j", async (kind, init, code, detailNames) => {
    const cause = new Error(secret);
    const error = await answerTo(new GatewayError(kind, "What the client may read.", { ...init, cause }));
    expect(error).toMatchObject({ code, rawMessage: "What the client may read." });
    const schemas = [ResourceInfoSchema, BadRequestSchema, QuotaFailureSchema, RetryInfoSchema];
    const found = schemas.filter((schema) => error.findDetails(schema).length === 1).map(({ name }) => name);
    expect(found).toEqual(detailNames);
    expect(inspect(error.details, { depth: 3 })).not.toContain(secret);
  });

  test("a violation carries the field, what is wrong with it and the rule", async () => {
    const error = await answerTo(new GatewayError("invalid", "no", { fields }));
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]).toMatchObject({
      field: "scan_job_id",
      description: "is not known",
      reason: "string.pattern",
    });
  });

  test("when to come back is told to the nanosecond", async () => {
    const error = await answerTo(new GatewayError("throttled", "no", { retryAfterMs: 2500 }));
    expect(error.findDetails(RetryInfoSchema)[0]?.retryDelay).toMatchObject({ seconds: 2n, nanos: 500_000_000 });
  });

  test.each([new Error(secret), secret, undefined, { message: secret }])(
    "%o is a fault of the gateway, of which nothing shows",
    async (thrown) => {
      const error = await answerTo(thrown);
      expect(error).toMatchObject({
        code: Code.Internal,
        rawMessage: "The gateway failed.",
        details: [],
        cause: thrown,
      });
      expect(error.message).not.toContain(secret);
    },
  );
});
