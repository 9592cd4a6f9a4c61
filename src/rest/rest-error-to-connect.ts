import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "../gen/google/rpc/error_details_pb.ts";
import { authenticationError } from "./error-spelling.ts";
import { protoFieldName } from "./proto-field-name.ts";

/** An answer that is no success. */
export interface RestErrorAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON of the body, or undefined where it is none. */
  readonly body: unknown;
}

type Detail = { readonly desc: DescMessage; readonly value: MessageInitShape<DescMessage> };
type Properties = Readonly<Record<string, unknown>>;

/** What an error is named, what it says, and of which request. */
interface Failure {
  readonly type: string;
  readonly message: string;
  readonly body: Properties;
  readonly input: DescMessage;
}

interface Meaning {
  readonly code: Code;
  readonly detail?: (failure: Failure) => Detail;
}

const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ["SerializationException", { code: Code.InvalidArgument }],
  ["ValidationException", { code: Code.InvalidArgument, detail: badRequest }],
  ["ResourceNotFoundException", { code: Code.NotFound, detail: resourceInfo }],
  ["ConflictException", { code: Code.FailedPrecondition, detail: resourceInfo }],
  ["AccessDeniedException", { code: Code.PermissionDenied }],
  ["ThrottlingException", { code: Code.ResourceExhausted }],
  ["ServiceQuotaExceededException", { code: Code.ResourceExhausted, detail: quotaFailure }],
  ["ServiceUnavailable", { code: Code.Unavailable }],
  ["ServiceUnavailableException", { code: Code.Unavailable }],
  ["InternalFailure", { code: Code.Internal }],
  ["InternalServerException", { code: Code.Internal }],
  ["InternalServerErrorException", { code: Code.Internal }],
  ["NotImplementedException", { code: Code.Unimplemented }],
  ["UnknownOperationException", { code: Code.Unimplemented }],
  ["RequestAbortedException", { code: Code.Canceled }],
  ["RequestEntityTooLargeException", { code: Code.ResourceExhausted }],
  ["UnsupportedMediaTypeException", { code: Code.Internal }],
  ["NotAcceptableException", { code: Code.Internal }],
]);

/** What a status means where the error has no name that is known. */
const codesOfStatus: ReadonlyMap<number, Code> = new Map([
  [400, Code.InvalidArgument],
  [401, Code.Unauthenticated],
  [403, Code.PermissionDenied],
  [404, Code.Unimplemented],
  [408, Code.DeadlineExceeded],
  [409, Code.FailedPrecondition],
  [413, Code.ResourceExhausted],
  [429, Code.ResourceExhausted],
  [499, Code.Canceled],
  [500, Code.Internal],
  [501, Code.Unimplemented],
  [502, Code.Unavailable],
  [503, Code.Unavailable],
  [504, Code.DeadlineExceeded],
]);

/**
 * The error of a call by the answer of a restJson1 service: what connectErrorToRest() of the server spells, read back.
 * Its code follows the name of the error, in X-Amzn-Errortype or else in the body, and without a known name the status.
 * Its metadata are the headers of the answer.
 *
 * | name | code | details |
 * |---|---|---|
 * | SerializationException | invalid_argument | |
 * | ValidationException | invalid_argument | BadRequest, its fields by their proto paths |
 * | ResourceNotFoundException | not_found | ResourceInfo |
 * | ConflictException | failed_precondition | ResourceInfo |
 * | those of authentication | unauthenticated | ErrorInfo with the name as its reason |
 * | AccessDeniedException | permission_denied | |
 * | ThrottlingException | resource_exhausted | |
 * | ServiceQuotaExceededException | resource_exhausted | QuotaFailure |
 * | ServiceUnavailableException | unavailable | |
 * | InternalServerException, InternalServerErrorException | internal | |
 *
 * Whatever it is, a Retry-After in seconds becomes a RetryInfo. Inspector spells an unknown resource as it spells an
 * invalid field, and a lost race as a conflict: the two of each pair cannot be told apart.
 *
 * @param input The request's message, whose fields the error may name.
 */
export function restErrorToConnect({ status, headers, body }: RestErrorAnswer, input: DescMessage): ConnectError {
  const properties = asProperties(body);
  const type = typeOf(headers, properties);
  const message = textOf(properties, "message") || textOf(properties, "Message") || describe(status, type);
  const { code, detail } = meaningOf(type, status);
  const details = detail === undefined ? [] : [detail({ type, message, body: properties, input })];
  return new ConnectError(message, code, headers, [...details, ...retryInfo(headers)]);
}

function meaningOf(type: string, status: number): Meaning {
  const meaning = meanings.get(type);
  if (meaning !== undefined) {
    return meaning;
  }
  return authenticationError(type) === undefined
    ? { code: codesOfStatus.get(status) ?? Code.Unknown }
    : { code: Code.Unauthenticated, detail: errorInfo };
}

/** A name may come with a namespace before a `#` and a URI behind a `:`. */
function typeOf(headers: Headers, body: Properties): string {
  const name = headers.get("x-amzn-errortype") || textOf(body, "__type") || textOf(body, "code");
  return (name.split(":")[0] ?? "").split("#").at(-1)?.trim() ?? "";
}

function describe(status: number, type: string): string {
  return type === "" ? `The server answered with HTTP status ${status}.` : `The server answered with ${type}.`;
}

function badRequest({ body, input }: Failure): Detail {
  const fields = Array.isArray(body["fields"]) ? body["fields"].map(asProperties) : [];
  // A field without a broken rule is what `OTHER` stands for.
  const reason = textOf(body, "reason");
  const fieldViolations = fields.map((field) => ({
    field: protoFieldName(input, textOf(field, "name")),
    description: textOf(field, "message"),
    reason: reason === "OTHER" ? "" : reason,
  }));
  return { desc: BadRequestSchema, value: { fieldViolations } };
}

function resourceInfo({ message, body }: Failure): Detail {
  const { resourceId, resourceType } = resourceOf(body);
  return {
    desc: ResourceInfoSchema,
    value: { resourceName: resourceId, resourceType, description: message },
  };
}

function quotaFailure({ message, body }: Failure): Detail {
  const violations = [{ subject: resourceOf(body).resourceId, description: message }];
  return { desc: QuotaFailureSchema, value: { violations } };
}

function errorInfo({ type }: Failure): Detail {
  return { desc: ErrorInfoSchema, value: { reason: type } };
}

function resourceOf(body: Properties) {
  const holder = { ...asProperties(body["context"]), ...body };
  return { resourceId: textOf(holder, "resourceId"), resourceType: textOf(holder, "resourceType") };
}

function retryInfo(headers: Headers): Detail[] {
  const seconds = headers.get("retry-after");
  if (seconds === null || !/^\d{1,9}$/.test(seconds)) {
    return [];
  }
  return [{ desc: RetryInfoSchema, value: { retryDelay: durationFromMs(Number(seconds) * 1000) } }];
}

function asProperties(json: unknown): Properties {
  return typeof json === "object" && json !== null ? (json as Properties) : {};
}

function textOf(properties: Properties, name: string): string {
  const value = properties[name];
  return typeof value === "string" ? value : "";
}
