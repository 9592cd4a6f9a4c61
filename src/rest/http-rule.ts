import { type DescField, type DescMethod, getOption, hasOption, ScalarType } from "@bufbuild/protobuf";
import { http } from "../gen/google/api/annotations_pb.ts";
import type { HttpRule } from "../gen/google/api/http_pb.ts";
import { method as methodRest } from "../gen/sessiongateway/rest/v1/rest_pb.ts";
import { type FieldPath, resolveFieldPath } from "./field-path.ts";
import { headerFields } from "./header-fields.ts";
import type { BodyBinding, EventIdBinding, HeaderBinding, HttpBinding } from "./http-binding.ts";
import { type PathTemplate, parsePathTemplate } from "./path-template.ts";
import { isText, queryFields } from "./query-fields.ts";

/** The bindings of an RPC. `problems` name the file, the RPC and the rule; with any of them the bindings are incomplete. */
export interface CompiledRules {
  readonly bindings: readonly HttpBinding[];
  readonly problems: readonly string[];
}

/** Takes note of what is wrong with a rule. */
type Report = (problem: string) => void;

/** An HTTP method is a token (RFC 9110, section 9.1); `*` stands for any. */
const httpMethodPattern = /^(?:\*|[!#$%&'+\-.^_`|~0-9A-Za-z]+)$/;

/** Methods whose requests have no content with a meaning (RFC 9110, section 9.3). */
const bodiless: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** Checks the google.api.http rule of an RPC and its additional bindings. An RPC without a rule has no bindings. */
export function compileHttpRules(method: DescMethod): CompiledRules {
  const problems: string[] = [];
  const report = reporter(method, problems);
  if (!hasOption(method, http)) {
    if (hasOption(method, methodRest)) {
      report("it has REST options and no google.api.http rule");
    }
    return { bindings: [], problems };
  }
  if (method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming") {
    report("a stream of requests cannot be called over REST");
    return { bindings: [], problems };
  }
  const rule = getOption(method, http);
  const headers = headerFields(method.input);
  for (const problem of headers.problems) {
    report(problem);
  }
  const shared = { headers: headers.bindings, eventId: eventIdBinding(method, report) };
  const rules = [rule, ...rule.additionalBindings];
  const bindings = rules.map((each) => compileRule(method, each, each === rule, shared, problems));
  return { bindings: bindings.filter((binding) => binding !== undefined), problems };
}

function reporter(method: DescMethod, problems: string[], rule?: string): Report {
  const place = `${method.parent.file.proto.name}: ${method.parent.typeName}.${method.name}`;
  return (problem) => problems.push(rule === undefined ? `${place}: ${problem}` : `${place}: ${rule}: ${problem}`);
}

/** What all rules of an RPC have in common. */
interface Shared {
  readonly headers: readonly HeaderBinding[];
  readonly eventId: EventIdBinding | undefined;
}

function compileRule(
  method: DescMethod,
  rule: HttpRule,
  isOuter: boolean,
  { headers, eventId }: Shared,
  problems: string[],
): HttpBinding | undefined {
  const { httpMethod, path } = patternOf(rule);
  const report = reporter(method, problems, httpMethod === "" ? undefined : `${httpMethod} ${path}`);
  if (!isOuter && rule.additionalBindings.length > 0) {
    report("an additional binding cannot have additional bindings");
  }
  if (!httpMethodPattern.test(httpMethod)) {
    report(httpMethod === "" ? "there is no HTTP method and path" : `'${httpMethod}' is no HTTP method`);
    return undefined;
  }
  const template = parsePathTemplate(path);
  if ("error" in template) {
    report(template.error);
    return undefined;
  }
  const pathFields = pathFieldsOf(method, template.value, headers, report);
  const body = bodyOf(method, rule, httpMethod, pathFields, headers, report);
  const responseBody = responseBodyOf(method, rule, report);
  return {
    method,
    httpMethod,
    template: template.value,
    pathFields,
    body,
    queryFields: queryFieldsOf(method, pathFields, headers, body),
    headerFields: headers,
    responseBody,
    emptyResponseBody: getOption(method, methodRest).emptyResponseBody && hasEmptyResponse(method, rule, report),
    eventId,
  };
}

function patternOf({ pattern }: HttpRule): { readonly httpMethod: string; readonly path: string } {
  switch (pattern.case) {
    case undefined:
      return { httpMethod: "", path: "" };
    case "custom":
      return { httpMethod: pattern.value.kind, path: pattern.value.path };
    default:
      return { httpMethod: pattern.case.toUpperCase(), path: pattern.value };
  }
}

function pathFieldsOf(
  method: DescMethod,
  template: PathTemplate,
  headers: readonly HeaderBinding[],
  report: Report,
): readonly FieldPath[] {
  const found: FieldPath[] = [];
  for (const { fieldPath } of template.variables) {
    const path = resolveFieldPath(method.input, fieldPath);
    if ("error" in path) {
      report(`in the variable '${fieldPath}', ${path.error}`);
    } else if (path.value.field.fieldKind === "list" || !isText(path.value.field)) {
      report(`the variable '${fieldPath}' is no singular scalar or enum field`);
    } else if (headers.some(({ field }) => field === path.value.field)) {
      report(`the variable '${fieldPath}' is bound to a header too`);
    } else {
      found.push(path.value);
    }
  }
  return found;
}

function bodyOf(
  method: DescMethod,
  rule: HttpRule,
  httpMethod: string,
  pathFields: readonly FieldPath[],
  headers: readonly HeaderBinding[],
  report: Report,
): BodyBinding {
  if (rule.body === "") {
    return { kind: "none" };
  }
  if (bodiless.has(httpMethod)) {
    report(`a ${httpMethod} request cannot have a body`);
  }
  if (rule.body === "*") {
    return { kind: "message" };
  }
  const field = topLevelField(method.input.fields, rule.body);
  if (field === undefined) {
    report(`the body '${rule.body}' is no field of ${method.input.typeName}`);
    return { kind: "none" };
  }
  if (pathFields.some(({ name }) => name === field.name) || headers.some((header) => header.field === field)) {
    report(`the body '${rule.body}' is bound to the path or a header too`);
  }
  return { kind: "field", field };
}

function queryFieldsOf(
  method: DescMethod,
  pathFields: readonly FieldPath[],
  headers: readonly HeaderBinding[],
  body: BodyBinding,
): ReadonlyMap<string, FieldPath> {
  if (body.kind === "message") {
    return new Map();
  }
  const taken = new Set([...pathFields.map(({ name }) => name), ...headers.map(({ field }) => field.name)]);
  if (body.kind === "field") {
    taken.add(body.field.name);
  }
  return queryFields(method.input, taken);
}

function responseBodyOf(method: DescMethod, rule: HttpRule, report: Report): DescField | undefined {
  if (rule.responseBody === "") {
    return undefined;
  }
  const field = topLevelField(method.output.fields, rule.responseBody);
  if (field === undefined) {
    report(`the response body '${rule.responseBody}' is no field of ${method.output.typeName}`);
  }
  return field;
}

function hasEmptyResponse(method: DescMethod, rule: HttpRule, report: Report): boolean {
  if (method.output.fields.length > 0) {
    report(`empty_response_body is set and ${method.output.typeName} has fields`);
  }
  if (method.methodKind !== "unary") {
    report("empty_response_body is set and the response is a stream");
  }
  if (rule.responseBody !== "") {
    report("empty_response_body and a response body are both set");
  }
  return true;
}

function eventIdBinding(method: DescMethod, report: Report): EventIdBinding | undefined {
  const { eventId } = getOption(method, methodRest);
  if (eventId === "") {
    return undefined;
  }
  if (method.methodKind !== "server_streaming") {
    report("event_id is set and the response is no stream");
  }
  const request = topLevelField(method.input.fields, eventId);
  const response = topLevelField(method.output.fields, eventId);
  if (!isString(request) || !isString(response)) {
    report(`event_id '${eventId}' is no string field of both ${method.input.typeName} and ${method.output.typeName}`);
    return undefined;
  }
  return { request, response };
}

function isString(field: DescField | undefined): field is DescField {
  return field?.fieldKind === "scalar" && field.scalar === ScalarType.STRING && field.oneof === undefined;
}

function topLevelField(fields: readonly DescField[], name: string): DescField | undefined {
  return fields.find((field) => field.name === name);
}
