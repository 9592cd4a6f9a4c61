import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "../../src/gen/google/rpc/error_details_pb.ts";
import { ErrorDialect } from "../../src/gen/sessiongateway/rest/v1/rest_pb.ts";
import { connectErrorToRest, restError } from "../../src/rest/errors.ts";
import { restFieldName } from "../../src/rest/rest-field-name.ts";

function detail<Desc extends DescMessage>(desc: Desc, init: MessageInitShape<Desc>) {
  return { desc, value: create(desc, init) };
}

type Detail = ReturnType<typeof detail>;

const violation = detail(BadRequestSchema, {
  fieldViolations: [{ field: "messages[0].rule_id", description: "too long", reason: "string.max_len" }],
});
const violationWithoutRule = detail(BadRequestSchema, {
  fieldViolations: [{ field: "scan_job_id", description: "unknown" }],
});
const noViolation = detail(BadRequestSchema, {});
const resource = detail(ResourceInfoSchema, { resourceType: "CIS_SESSION", resourceName: "job-1" });
const retry = (ms: number) => detail(RetryInfoSchema, { retryDelay: durationFromMs(ms) });
const quota = detail(QuotaFailureSchema, { violations: [{ subject: "a", description: "b" }] });
const reason = (text: string) => detail(ErrorInfoSchema, { reason: text });

interface Answer {
  readonly status: number;
  readonly type: string;
  /** Members beside the message. */
  readonly body?: object;
  readonly retryAfterSeconds?: number;
}

const answer = (status: number, type: string, more: Partial<Answer> = {}): Answer => ({ status, type, ...more });
const serialization = answer(400, "SerializationException");
const conflict = (resourceId: string, resourceType: string) =>
  answer(409, "ConflictException", { body: { resourceId, resourceType } });
const validation = (body: object) => answer(400, "ValidationException", { body });
const retryAfter = (retryAfterSeconds: number) => ({ retryAfterSeconds });
const ruleFault = { name: "messages[0].ruleId", message: "too long" };
const jobFault = { name: "scanJobId", message: "unknown" };

/** The answers in Inspector's dialect and in Nimble's. One answer stands for both. */
const rows: readonly (readonly [string, Code, readonly Detail[], inspector: Answer, nimble?: Answer])[] = [
  ["malformed", Code.InvalidArgument, [], serialization],
  [
    "invalid",
    Code.InvalidArgument,
    [violation],
    validation({ reason: "FIELD_VALIDATION_FAILED", fields: [ruleFault] }),
    answer(400, "ValidationException"),
  ],
  [
    "invalid by no rule of a field",
    Code.InvalidArgument,
    [violationWithoutRule],
    validation({ reason: "OTHER", fields: [jobFault] }),
    answer(400, "ValidationException"),
  ],
  [
    "invalid without a field",
    Code.InvalidArgument,
    [noViolation],
    validation({ reason: "OTHER", fields: [] }),
    answer(400, "ValidationException"),
  ],
  [
    "out of range",
    Code.OutOfRange,
    [violation],
    validation({ reason: "FIELD_VALIDATION_FAILED", fields: [ruleFault] }),
    answer(400, "ValidationException"),
  ],
  [
    "notFound",
    Code.NotFound,
    [resource, violationWithoutRule],
    validation({ reason: "OTHER", fields: [jobFault] }),
    answer(404, "ResourceNotFoundException", { body: { context: { resourceId: "job-1" } } }),
  ],
  [
    "notFound without details",
    Code.NotFound,
    [],
    validation({ reason: "OTHER", fields: [] }),
    answer(404, "ResourceNotFoundException"),
  ],
  [
    "conflict",
    Code.FailedPrecondition,
    [resource],
    conflict("job-1", "CIS_SESSION"),
    answer(409, "ConflictException", { body: { context: { resourceId: "job-1" } } }),
  ],
  ["conflict without details", Code.FailedPrecondition, [], conflict("", ""), answer(409, "ConflictException")],
  ["already exists", Code.AlreadyExists, [], conflict("", ""), answer(409, "ConflictException")],
  ["aborted", Code.Aborted, [], conflict("", ""), answer(409, "ConflictException")],
  ["unauthenticated", Code.Unauthenticated, [], answer(403, "UnrecognizedClientException")],
  [
    "unauthenticated, named",
    Code.Unauthenticated,
    [reason("InvalidSignatureException")],
    answer(403, "InvalidSignatureException"),
  ],
  [
    "unauthenticated, in capitals",
    Code.Unauthenticated,
    [reason("EXPIRED_TOKEN")],
    answer(403, "ExpiredTokenException"),
  ],
  ["unauthenticated, expired", Code.Unauthenticated, [reason("REQUEST_EXPIRED")], answer(403, "RequestExpired")],
  [
    "unauthenticated, unknown reason",
    Code.Unauthenticated,
    [reason("BAD\r\nLUCK")],
    answer(403, "UnrecognizedClientException"),
  ],
  ["denied", Code.PermissionDenied, [], answer(403, "AccessDeniedException")],
  [
    "a reason is for the unauthenticated",
    Code.PermissionDenied,
    [reason("EXPIRED_TOKEN")],
    answer(403, "AccessDeniedException"),
  ],
  ["throttled", Code.ResourceExhausted, [retry(1500)], answer(429, "ThrottlingException", retryAfter(2))],
  ["throttled without details", Code.ResourceExhausted, [], answer(429, "ThrottlingException", retryAfter(1))],
  ["throttled, come back now", Code.ResourceExhausted, [retry(0)], answer(429, "ThrottlingException", retryAfter(0))],
  [
    "throttled, come back before",
    Code.ResourceExhausted,
    [retry(-9000)],
    answer(429, "ThrottlingException", retryAfter(0)),
  ],
  ["quota", Code.ResourceExhausted, [quota], answer(402, "ServiceQuotaExceededException")],
  ["unavailable", Code.Unavailable, [retry(3000)], answer(503, "ServiceUnavailableException", retryAfter(3))],
  ["deadline exceeded", Code.DeadlineExceeded, [], answer(503, "ServiceUnavailableException", retryAfter(1))],
  ["canceled", Code.Canceled, [], answer(400, "RequestAbortedException")],
  ["unimplemented", Code.Unimplemented, [], answer(501, "NotImplementedException")],
  ...[Code.Internal, Code.DataLoss].map(
    (code) =>
      [
        `internal (${Code[code]})`,
        code,
        [],
        answer(500, "InternalServerException", retryAfter(1)),
        answer(500, "InternalServerErrorException"),
      ] as const,
  ),
];

describe.each([
  ["Inspector", ErrorDialect.INSPECTOR],
  ["no", ErrorDialect.UNSPECIFIED],
  ["Nimble", ErrorDialect.NIMBLE],
] as const)("in %s dialect", (_, dialect) => {
  const cases = rows.map(([name, code, details, inspector, nimble = inspector]) => {
    return { name, code, details, expected: dialect === ErrorDialect.NIMBLE ? nimble : inspector };
  });

  test.each(cases)("$name", ({ code, details, expected: { body, ...expected } }) => {
    const error = new ConnectError("what the client may read", code, undefined, [...details]);
    expect(connectErrorToRest(error, dialect)).toEqual({
      ...expected,
      body: { message: "what the client may read", ...body },
    });
  });

  test("the message of an unknown error, which may be that of any exception, is not shown", () => {
    const error = new ConnectError("select * from secrets", Code.Unknown);
    expect(connectErrorToRest(error, dialect)).toMatchObject({
      status: 500,
      body: { message: "The request failed for an unknown reason." },
    });
  });

  test("no body has a code, for clients would believe it more than the header", () => {
    for (const [, code, details] of rows) {
      const error = new ConnectError("", code, undefined, [...details]);
      expect(connectErrorToRest(error, dialect).body).not.toHaveProperty("code");
    }
  });
});

test.each([
  ["malformed", 400, "SerializationException"],
  ["unknownOperation", 404, "UnknownOperationException"],
  ["notAcceptable", 406, "NotAcceptableException"],
  ["tooLarge", 413, "RequestEntityTooLargeException"],
  ["unsupportedMediaType", 415, "UnsupportedMediaTypeException"],
] as const)("an error before the call: %s is %d %s", (kind, status, type) => {
  expect(restError(kind, "why")).toEqual({ status, type, body: { message: "why" } });
});

test("details that came over the wire count as well", () => {
  const error = new ConnectError("no", Code.InvalidArgument);
  error.details = [{ type: BadRequestSchema.typeName, value: new Uint8Array() }];
  expect(connectErrorToRest(error, ErrorDialect.INSPECTOR).type).toBe("ValidationException");
});

test.each([
  ["message.progress.total_checks", "message.progress.totalChecks"],
  ["messages[12].cis_rule_details", "messages[12].cisRuleDetails"],
  ['tags["a_b.c_d\\"]_e"].some_field', 'tags["a_b.c_d\\"]_e"].someField'],
  ["ec2_instance_type", "ec2InstanceType"],
  ["field_1_a", "field1A"],
  ["a__b_", "aB"],
  ["", ""],
])("the field %s is called %s", (path, name) => {
  expect(restFieldName(path)).toBe(name);
});
