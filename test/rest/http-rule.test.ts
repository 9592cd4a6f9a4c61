import { getOption } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { http } from "../../src/gen/google/api/annotations_pb.ts";
import { CisSessionService } from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { compileHttpRules } from "../../src/rest/http-rule.ts";
import { createRestHandler, RestRuleError } from "../../src/rest/index.ts";
import { standInCalls } from "./stand-in-calls.ts";
import { testService } from "./test-protos.ts";

const wrong = testService("WrongService");

/** What is wrong with each RPC of WrongService: the rule, where it is one rule's matter, and the problem. */
const problems: Readonly<Record<string, readonly string[]>> = {
  NoPattern: ["there is no HTTP method and path"],
  BadTemplate: ["GET /a//b: a segment is empty (at 3)"],
  BadKind: ["NOT A METHOD /a: 'NOT A METHOD' is no HTTP method"],
  TwiceBound: ["GET /a/{name}/{name}: the variable 'name' is there twice (at 11)"],
  UnknownVariable: ["GET /a/{nobody}: in the variable 'nobody', there is no field 'nobody' in resttest.v1.Request"],
  UnknownNestedVariable: [
    "GET /a/{nested.nobody}: in the variable 'nested.nobody', there is no field 'nobody' in resttest.v1.Nested",
  ],
  ThroughScalar: ["GET /a/{name.more}: in the variable 'name.more', 'name' in 'name.more' is no singular message"],
  RepeatedVariable: ["GET /a/{names}: the variable 'names' is no singular scalar or enum field"],
  MessageVariable: ["GET /a/{nested}: the variable 'nested' is no singular scalar or enum field"],
  MapVariable: ["GET /a/{labels}: the variable 'labels' is no singular scalar or enum field"],
  HeaderVariable: ["GET /a/{token}: the variable 'token' is bound to a header too"],
  UnknownBody: ["POST /a: the body 'nobody' is no field of resttest.v1.Request"],
  BodyInPath: ["POST /a/{name}: the body 'name' is bound to the path or a header too"],
  BodyOnGet: ["GET /a: a GET request cannot have a body"],
  UnknownResponseBody: ["GET /a: the response body 'nobody' is no field of resttest.v1.Response"],
  NestedBindings: ["GET /b: an additional binding cannot have additional bindings"],
  SeveralProblems: [
    "GET /a/{nobody}/{names}: in the variable 'nobody', there is no field 'nobody' in resttest.v1.Request",
    "GET /a/{nobody}/{names}: the variable 'names' is no singular scalar or enum field",
    "GET /a/{nobody}/{names}: a GET request cannot have a body",
    "GET /b/{nested}: the variable 'nested' is no singular scalar or enum field",
  ],
  NotEmpty: ["GET /a: empty_response_body is set and resttest.v1.Response has fields"],
  EmptyStream: ["GET /a: empty_response_body is set and the response is a stream"],
  UnaryEventId: ["event_id is set and the response is no stream"],
  UnknownEventId: ["event_id 'nobody' is no string field of both resttest.v1.Request and resttest.v1.Response"],
  NumericEventId: ["event_id 'number' is no string field of both resttest.v1.Request and resttest.v1.Response"],
  ClientStream: ["a stream of requests cannot be called over REST"],
  BidiStream: ["a stream of requests cannot be called over REST"],
  OptionsWithoutRule: ["it has REST options and no google.api.http rule"],
  ListInHeader: ["the field 'names' is bound to the header X-Names and is no scalar or enum"],
  ReservedHeader: [
    "the field 'length' cannot be bound to a header named 'Content-Length'",
    "the field 'spaced' cannot be bound to a header named 'X Spaced'",
  ],
  SameHeader: ["the fields 'one' and 'two' are bound to the same header x-token"],
  NestedHeader: ["the field 'token' of resttest.v1.Request is bound to a header and not at the top level"],
};

describe("wrong rules are named with their file, RPC and rule", () => {
  test.each(wrong.methods.map((method) => [method.name, method] as const))("%s", (name, method) => {
    const place = `resttest/v1/wrong_rules.proto: resttest.v1.WrongService.${name}`;
    expect(compileHttpRules(method).problems).toEqual(problems[name]?.map((problem) => `${place}: ${problem}`));
  });
});

function startError(...names: readonly string[]): RestRuleError {
  try {
    createRestHandler({ calls: names.flatMap((name) => standInCalls(testService(name))), maxBodyBytes: 1024 });
  } catch (error) {
    if (error instanceof RestRuleError) {
      return error;
    }
    throw error;
  }
  throw new Error("it started");
}

test("a start reports all problems of all rules at once, and the ambiguous routes", () => {
  const error = startError("WrongService", "AmbiguousService");
  // Streams of requests are no calls of REST, and so of no stand-in.
  const expected = Object.entries(problems).flatMap(([, each]) => each).length;
  expect(error.problems).toHaveLength(expected + 1);
  expect(error.message).toContain("WrongService.UnknownBody: POST /a: the body 'nobody' is no field");
  expect(error.problems.at(-1)).toBe(
    "GET /things/{name} of resttest.v1.AmbiguousService.ByName and GET /things/{number} of " +
      "resttest.v1.AmbiguousService.ByNumber match the same requests",
  );
});

describe("right rules", () => {
  const { method } = testService("RightService");
  const bindingsOf = (name: string) => compileHttpRules(method[name] ?? wrong.methods[0] ?? never()).bindings;

  test("of this API compile without a problem, one binding for each RPC with a rule", () => {
    for (const each of CisSessionService.methods) {
      const { bindings, problems: found } = compileHttpRules(each);
      expect(found).toEqual([]);
      expect(bindings.map(({ template }) => template.text)).toEqual([getOption(each, http).pattern.value]);
    }
  });

  test("have a binding each for a rule and its additional bindings", () => {
    expect(
      bindingsOf("nested").map(({ httpMethod, template, body }) => [httpMethod, template.text, body.kind]),
    ).toEqual([
      ["POST", "/items/{item.id}", "field"],
      ["GET", "/items/{item.id}", "none"],
      ["REPORT", "/items/{item.id}:report", "message"],
    ]);
  });

  test("carry in the query what is carried nowhere else and has a text", () => {
    const [binding] = bindingsOf("query");
    expect([...(binding?.queryFields.keys() ?? [])]).toEqual([
      "name",
      "item.id",
      "item.title",
      "names",
      "colors",
      "time",
      "count",
      "left.id",
      "left.title",
      "right.id",
      "right.title",
      "neither",
      "flag",
      "ratio",
      "blob",
      "long",
      "numbers",
    ]);
    expect(binding?.headerFields.map(({ name }) => name)).toEqual(["x-test-token", "x-test-level"]);
  });

  test("leave nothing to the query where the body is the whole message", () => {
    expect(bindingsOf("whole")[0]?.queryFields.size).toBe(0);
  });

  test("leave the body's field out of the query", () => {
    expect(bindingsOf("scalar")[0]?.queryFields.has("names")).toBe(false);
    expect(bindingsOf("nested")[0]?.queryFields.has("item.title")).toBe(false);
    expect(bindingsOf("nested")[1]?.queryFields.has("item.title")).toBe(true);
    expect(bindingsOf("nested")[1]?.queryFields.has("item.id")).toBe(false);
  });

  test("name the fields of a stream's position", () => {
    expect(bindingsOf("watch")[0]?.eventId).toMatchObject({
      request: { name: "cursor" },
      response: { name: "cursor" },
    });
  });

  test("are none for an RPC without a rule", () => {
    expect(compileHttpRules(method["unrouted"] ?? never())).toEqual({ bindings: [], problems: [] });
  });
});

function never(): never {
  throw new Error("there is no such RPC");
}
