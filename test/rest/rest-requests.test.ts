import { describe, expect, test } from "vitest";
import { ListCisSessionsRequestSchema } from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import {
  calls,
  error,
  json,
  maxBodyBytes,
  put,
  restClient,
  scanJobId,
  sessionToken,
  start,
  useRestServers,
} from "./rest-fixture.ts";
import { versions } from "./rest-servers.ts";

const use = useRestServers();

describe.each(versions)("%s", (version) => {
  const { send, ask, requestOf } = restClient(use, version);

  describe("what does not decode is 400 SerializationException", () => {
    const notJson = "The body is not JSON in UTF-8.";
    test.each([
      ["{[", notJson],
      [`${JSON.stringify(start)} trailing`, notJson],
      [`leading ${JSON.stringify(start)}`, notJson],
      [`// comment\n${JSON.stringify(start)}`, notJson],
      [`{"scanJobId": "a" /* comment */}`, notJson],
      ["\f{}", notJson],
      ["\ufeff{}", notJson],
      ["{'scanJobId': 'a'}", notJson],
      ['{"scanJobId": "a",}', notJson],
      ['{"message": {"sessionToken": "a"}', notJson],
      ['{"scanJobId": "a\nb"}', notJson],
      ['{"scanJobId": NaN}', notJson],
      [" ", notJson],
      ["[]", "The body must be a JSON object."],
      ["10", "The body must be a JSON object."],
      ["null", "The body must be a JSON object."],
      ['{"scanJobId": 1}', "The value at '/scanJobId' must be a string."],
      ['{"message": {"sessionToken": {}}}', "The value at '/message/sessionToken' must be a string."],
      ['{"message": []}', "The value at '/message' must be a JSON object."],
    ])("%j", async (body, message) => {
      expect(await ask(put("/cissession/start", body))).toEqual(error(400, "SerializationException", { message }));
      expect(calls).toEqual([]);
    });

    test("invalid UTF-8", async () => {
      const body = Buffer.concat([Buffer.from('{"scanJobId":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
      expect(await ask({ ...put("/cissession/start", ""), body })).toEqual(
        error(400, "SerializationException", { message: notJson }),
      );
    });

    test.each(["/v1/cis-sessions/%zz", "/v1/cis-sessions/%C3", "/v1/cis-sessions/a%"])("the path %s", async (path) => {
      expect(await ask({ path })).toEqual(
        error(400, "SerializationException", { message: "The path is not percent-encoded UTF-8." }),
      );
    });

    test.each([
      ["pageSize=abc", "The query parameter 'pageSize' must be an integer from -2147483648 to 2147483647."],
      ["pageSize=", "The query parameter 'pageSize' must be an integer from -2147483648 to 2147483647."],
      ["pageSize", "The query parameter 'pageSize' must be an integer from -2147483648 to 2147483647."],
      ["pageSize=1.0", "The query parameter 'pageSize' must be an integer from -2147483648 to 2147483647."],
      ["pageSize=0x10", "The query parameter 'pageSize' must be an integer from -2147483648 to 2147483647."],
      ["pageSize=010", "The query parameter 'pageSize' must be an integer from -2147483648 to 2147483647."],
      ["pageSize=true", "The query parameter 'pageSize' must be an integer from -2147483648 to 2147483647."],
      ["pageSize=2147483648", "The query parameter 'pageSize' must be an integer from -2147483648 to 2147483647."],
      ["pageSize=1&pageSize=1", "The query parameter 'pageSize' is given more than once."],
      ["pageToken=%zz", "The query is not percent-encoded UTF-8."],
      ["%=1", "The query is not percent-encoded UTF-8."],
      ["pageToken=%FF", "The query is not percent-encoded UTF-8."],
    ])("the query %s", async (query, message) => {
      expect(await ask({ path: `/v1/cis-sessions?${query}` })).toEqual(
        error(400, "SerializationException", { message }),
      );
      expect(calls).toEqual([]);
    });
  });

  describe("a body", () => {
    test.each([
      [{}, 415],
      [{ "content-type": "text/plain" }, 415],
      [{ "content-type": "application/jsonp" }, 415],
      [{ "content-type": "application/x-amz-json-1.1" }, 415],
      [{ "content-type": "application/json", "content-encoding": "gzip" }, 415],
      [{ "content-type": "application/json", "content-encoding": "identity" }, 200],
      [{ "content-type": "application/json; charset=utf-8" }, 200],
      [{ "content-type": "application/json;charset=UTF-8" }, 200],
      [{ "content-type": "Application/JSON" }, 200],
    ])("with %j is answered with %d", async (headers, status) => {
      const answer = await ask(put("/cissession/start", start, headers as Record<string, string>));
      expect(answer).toMatchObject(status === 200 ? { status } : error(415, "UnsupportedMediaTypeException"));
    });

    test("where an operation takes none is 415 with a Content-Type, and passed over without", async () => {
      const path = "/v1/cis-sessions/job-1";
      const method = "GET";
      expect(await ask({ method, path, headers: { ...json, "content-length": 2 }, body: "{}" })).toEqual(
        error(415, "UnsupportedMediaTypeException", { message: "This operation takes no body." }),
      );
      expect(await ask({ method, path, headers: { "content-length": 2 }, body: "{}" })).toMatchObject({ status: 200 });
      expect(await ask({ method, path, headers: json })).toMatchObject({ status: 200 });
    });

    test.each([{}, json, { "content-length": "0" }])("that is absent is an empty message (%j)", async (headers) => {
      expect(await ask({ method: "POST", path: "/v1/cis-scan-jobs", headers })).toMatchObject({
        status: 200,
        body: { session: { scanJobId: "new", state: "PENDING" } },
      });
      expect(calls[0]?.request).toMatchObject({ scanJobId: "" });
    });

    test("has unknown members and nulls ignored", async () => {
      const body = { ...start, unknown: { a: 1 }, scan_job_id: 1, message: { sessionToken: null } };
      await send(put("/cissession/start", body));
      expect(calls[0]?.request).toMatchObject({ scanJobId, message: { sessionToken: "" } });
    });

    test("of the longest allowed length is read, and one byte more is 413", async () => {
      const padded = (length: number) => JSON.stringify(start).padEnd(length, " ");
      expect(await ask(put("/cissession/start", padded(maxBodyBytes)))).toMatchObject({ status: 200 });
      expect(await ask(put("/cissession/start", padded(maxBodyBytes + 1)))).toEqual(
        error(413, "RequestEntityTooLargeException", { message: "The body is longer than 4096 bytes." }),
      );
    });

    test("that goes on for ever is answered with 413 as soon as it is too long", async () => {
      const chunked = {
        method: "PUT",
        path: "/cissession/start",
        headers: { ...json, "transfer-encoding": "chunked" },
      };
      const { "transfer-encoding": _, ...http2Headers } = chunked.headers;
      const headers = version === "HTTP/1.1" ? chunked.headers : http2Headers;
      expect(await ask({ ...chunked, headers, body: "x".repeat(60_000) })).toEqual(
        error(413, "RequestEntityTooLargeException"),
      );
    });
  });

  describe("an Accept header", () => {
    test.each([
      ["*/*", 200],
      ["application/*", 200],
      ["application/json", 200],
      ["Application/JSON", 200],
      ["text/html, application/json;q=0.1", 200],
      ["text/html, */*;q=0.1", 200],
      ["application/json; charset=utf-8", 200],
      ["text/html", 406],
      ["application/json;q=0", 406],
      ["application/json;q=0, */*", 406],
      ["application/xml, text/*", 406],
      ["application/hal+json", 406],
      ["nonsense", 406],
    ])("%s is answered with %d", async (accept, status) => {
      const answer = await ask({ path: "/v1/cis-sessions", headers: { accept } });
      expect(answer).toMatchObject(status === 200 ? { status } : error(406, "NotAcceptableException"));
    });
  });

  describe("a query", () => {
    test("carries scalars, lists and enums", async () => {
      const query = "pageSize=7&pageToken=a%2Fb+c%2B&states=STARTED&stopStatuses=FAILED&states=LOST&unknown=1&&";
      const request = await requestOf(ListCisSessionsRequestSchema, { path: `/v1/cis-sessions?${query}` });
      expect(request).toMatchObject({ pageSize: 7, pageToken: "a/b c+", states: [2, 4], stopStatuses: [2] });
    });

    test.each([
      ["pageToken", ""],
      ["pageToken=", ""],
      ["pageToken=a=b", "a=b"],
      ["page_token=a", ""],
      ["page%54oken=a", "a"],
      ["__proto__=a&constructor=b&pageToken=c", "c"],
      ["pageToken=a?b", "a?b"],
    ])("%s", async (query, pageToken) => {
      const request = await requestOf(ListCisSessionsRequestSchema, { path: `/v1/cis-sessions?${query}` });
      expect(request).toMatchObject({ pageToken });
    });
  });

  describe("a value that an enum does not have", () => {
    const fields = [
      { name: "messages[1].status", message: expect.stringMatching(/^value must be one of FAILED, PASSED, NOT_EVAL/) },
      { name: "messages[2].status", message: expect.stringMatching(/^value must be one of/) },
    ];
    const messages = ["PASSED", "WRONG", ""].map((status) => ({ ruleId: "1", status, cisRuleDetails: "" }));

    test("is a ValidationException that names all such fields", async () => {
      const body = {
        message: expect.stringContaining("messages[1].status"),
        reason: "FIELD_VALIDATION_FAILED",
        fields,
      };
      expect(await ask(put("/cissession/telemetry/send", { scanJobId, sessionToken, messages }))).toEqual(
        error(400, "ValidationException", body),
      );
      expect(calls).toEqual([]);
    });

    test("is one in a query too", async () => {
      expect(await ask({ path: "/v1/cis-sessions?states=LOST&states=WRONG" })).toMatchObject({
        status: 400,
        body: { fields: [{ name: "states[1]" }] },
      });
    });

    test("comes after what is malformed", async () => {
      const body = { scanJobId: 1, sessionToken, messages };
      expect(await ask(put("/cissession/telemetry/send", body))).toEqual(error(400, "SerializationException"));
    });
  });
});
