import { create, equals } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  CisSessionService,
  StopCisSessionRequestSchema,
} from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import {
  calls,
  doNext,
  error,
  internalErrors,
  put,
  restClient,
  scanJobId,
  sessionToken,
  start,
  stop,
  useRestServers,
} from "./rest-fixture.ts";
import { versions } from "./rest-servers.ts";

const use = useRestServers();

describe.each(versions)("%s", (version) => {
  const { send, ask, requestOf } = restClient(use, version);

  describe("a unary call", () => {
    test("without an answer's body is 200 with Content-Length: 0 and no Content-Type", async () => {
      const answer = await send(put("/cissession/stop", stop));
      expect(answer).toMatchObject({ status: 200, text: "", headers: { "content-length": "0" } });
      expect(answer.headers).not.toHaveProperty("content-type");
      expect(answer.headers).toHaveProperty("x-amzn-requestid");
      expect(answer.headers).not.toHaveProperty("transfer-encoding");
    });

    test("gets the message that the body spells", async () => {
      const request = await requestOf(StopCisSessionRequestSchema, put("/cissession/stop", stop));
      const message = { status: 1, progress: { totalChecks: 3 } } as const;
      const expected = create(StopCisSessionRequestSchema, { scanJobId, sessionToken, message });
      expect(equals(StopCisSessionRequestSchema, request as typeof expected, expected)).toBe(true);
    });

    test("with an answer is JSON with its length", async () => {
      const answer = await send({ path: "/v1/cis-sessions/job-1" });
      expect(answer).toMatchObject({
        status: 200,
        headers: { "content-type": "application/json", "content-length": String(answer.text.length) },
        body: { session: { scanJobId: "job-1", state: "STARTED", attempt: 0 } },
      });
    });

    test("learns of the request what there is to learn", async () => {
      await send({ path: "/v1/cis-sessions/job-1?a=b", headers: { "x-custom": "c" } });
      const { context } = calls[0] ?? {};
      expect(context).toMatchObject({
        protocolName: "rest",
        requestMethod: "GET",
        method: CisSessionService.method.getCisSession,
        service: CisSessionService,
        url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/v1\/cis-sessions\/job-1\?a=b$/),
      });
      expect(context?.requestHeader.get("x-custom")).toBe("c");
      expect(context?.requestHeader.get("host") ?? "").toBe(
        version === "HTTP/1.1" ? `127.0.0.1:${use.servers.http1Port}` : "",
      );
      expect(context?.timeoutMs()).toBeUndefined();
    });

    test("sets headers of its answer, but not those of the framing", async () => {
      doNext((context) => {
        context.responseHeader.set("x-custom", "a");
        context.responseHeader.append("set-cookie", "b=1");
        context.responseHeader.append("set-cookie", "c=2");
        context.responseHeader.set("content-length", "999");
        context.responseHeader.set("content-type", "text/plain");
        context.responseHeader.set("x-amzn-requestid", "request-1");
        return {};
      });
      const { headers } = await send({ path: "/v1/cis-sessions" });
      expect(headers).toMatchObject({
        "x-custom": "a",
        "set-cookie": ["b=1", "c=2"],
        "content-type": "application/json",
        "content-length": String('{"sessions":[]}'.length),
        "x-amzn-requestid": "request-1",
      });
    });

    test("has its signal aborted when it is over", async () => {
      await send({ path: "/v1/cis-sessions" });
      expect(calls[0]?.context.signal).toMatchObject({ aborted: true, reason: { rawMessage: "The call has ended." } });
    });

    test("is reached with a slash at the end of the path", async () => {
      expect(await send(put("/cissession/start/", start))).toMatchObject({ status: 200 });
    });

    test("gets the same head with HEAD as with GET, and no body", async () => {
      const get = await send({ path: "/v1/cis-sessions/job-1" });
      const head = await send({ method: "HEAD", path: "/v1/cis-sessions/job-1" });
      expect(head).toMatchObject({ status: 200, text: "" });
      for (const name of ["content-type", "content-length"]) {
        expect(head.headers[name]).toBe(get.headers[name]);
      }
    });

    test("that fails with HEAD has no body either", async () => {
      doNext(() => Promise.reject(new ConnectError("no", Code.PermissionDenied)));
      const head = await send({ method: "HEAD", path: "/v1/cis-sessions/job-1" });
      expect(head).toMatchObject({ status: 403, text: "", headers: { "x-amzn-errortype": "AccessDeniedException" } });
    });
  });

  describe("what is no route is 404 UnknownOperationException", () => {
    test.each([
      ["GET", "/"],
      ["GET", "/nothing"],
      ["GET", "/cissession/start"],
      ["POST", "/cissession/start"],
      ["DELETE", "/v1/cis-sessions/job-1"],
      ["OPTIONS", "/cissession/start"],
      ["HEAD", "/cissession/start"],
      ["PUT", "/cissession//start"],
      ["PUT", "//cissession/start"],
      ["GET", "/v1/cis-sessions/job-1/findings/1"],
      ["POST", "/sessiongateway.cis.v1.CisSessionService/StartCisSession"],
    ])("%s %s", async (method, path) => {
      const message = "There is no operation with this method and path.";
      const answer = error(404, "UnknownOperationException", { message });
      expect(await ask({ method, path })).toEqual(method === "HEAD" ? { ...answer, body: undefined } : answer);
      expect(calls).toEqual([]);
    });
  });

  describe("a call that fails", () => {
    test("is answered in the dialect of its service, with the headers that it set", async () => {
      const fail = (context: HandlerContext) => {
        context.responseHeader.set("x-early", "a");
        const metadata = {
          "x-late": "b",
          "x-amzn-requestid": "request-2",
          "x-amzn-errortype": "c",
          "content-type": "d",
        };
        throw new ConnectError("gone", Code.NotFound, metadata);
      };
      doNext(fail);
      const inspector = await ask({ path: "/v1/cis-sessions/job-1" });
      expect(inspector).toEqual(error(400, "ValidationException", { message: "gone", reason: "OTHER", fields: [] }));
      expect(inspector.headers).toMatchObject({ "x-early": "a", "x-late": "b", "x-amzn-requestid": "request-2" });
      doNext(fail);
      expect(await ask({ path: "/items/1" })).toEqual(error(404, "ResourceNotFoundException", { message: "gone" }));
    });

    test("says when to come back", async () => {
      doNext(() => Promise.reject(new ConnectError("busy", Code.Unavailable)));
      const answer = await ask({ path: "/v1/cis-sessions" });
      expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    });

    test("by anything but a ConnectError is 500 and shows nothing, but the log learns it", async () => {
      const secret = new Error("select * from secrets");
      doNext(() => Promise.reject(secret));
      expect(await ask({ path: "/v1/cis-sessions" })).toEqual(
        error(500, "InternalServerException", { message: "The gateway failed." }),
      );
      doNext(() => Promise.reject(secret));
      expect(await ask({ path: "/items/1" })).toEqual(error(500, "InternalServerErrorException"));
      expect(internalErrors).toEqual([secret, secret]);
    });

    test("in that its answer cannot be written is 500", async () => {
      doNext(() => ({ session: { createdAt: { seconds: 10n ** 15n } } }));
      expect(await ask({ path: "/v1/cis-sessions/job-1" })).toEqual(error(500, "InternalServerException"));
      expect(internalErrors).toHaveLength(1);
    });

    test("for want of an implementation is 501", async () => {
      expect(await ask({ path: "/v1/cis-sessions/job-1/findings" })).toEqual(error(501, "NotImplementedException"));
    });
  });

  test("no JSON body of any shape is answered with 5xx", async () => {
    const paths = fc.constantFrom("/cissession/start", "/cissession/stop", "/cissession/telemetry/send");
    const member = (value: fc.Arbitrary<unknown>) => fc.option(value, { freq: 3, nil: undefined });
    const likely = fc.record({
      scanJobId: member(fc.oneof(fc.uuid(), fc.jsonValue())),
      sessionToken: member(fc.oneof(fc.uuid(), fc.jsonValue())),
      message: member(
        fc.oneof(
          fc.record({ status: fc.jsonValue(), progress: fc.dictionary(fc.string(), fc.jsonValue()) }),
          fc.jsonValue(),
        ),
      ),
      messages: member(fc.array(fc.oneof(fc.record({ cisRuleDetails: fc.base64String() }), fc.jsonValue()))),
    });
    await fc.assert(
      fc.asyncProperty(paths, fc.oneof(fc.jsonValue(), likely), async (path, body) => {
        const { status, headers } = await send(put(path, JSON.stringify(body)));
        expect([200, 400, 413]).toContain(status);
        expect(headers["x-amzn-errortype"] === undefined).toBe(status === 200);
      }),
      { numRuns: 200 },
    );
    expect(internalErrors).toEqual([]);
  });

  test("no path, query or method of any shape is answered with 5xx", async () => {
    const part = fc.stringMatching(/^[!-~]{0,10}$/).map((text) => text.replaceAll("#", "%"));
    const target = fc.tuple(fc.constantFrom("/v1/cis-sessions/", "/items/", "/query/", "/"), part, part);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("GET", "PUT", "POST", "DELETE", "PATCH"), target, async (method, parts) => {
        const [prefix, path, query] = parts;
        const { status } = await send({ method, path: `${prefix}${path}?${query}` });
        expect([200, 400, 404]).toContain(status);
      }),
      { numRuns: 200 },
    );
    expect(internalErrors).toEqual([]);
  });
});
