import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextKey, createContextValues } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import type { FieldFault } from "../../src/domain/errors.ts";
import { BadRequestSchema } from "../../src/gen/google/rpc/error_details_pb.ts";
import { CisSessionService } from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { createRestHandler, type NodeRequest, type NodeResponse } from "../../src/rest/index.ts";
import {
  calls,
  cisStandIns,
  doNext,
  handler,
  maxBodyBytes,
  put,
  scanJobId,
  start,
  stop,
  useRestServers,
} from "./rest-fixture.ts";
import { startRestServers, type TestRequest } from "./rest-servers.ts";
import { standInCalls } from "./stand-in-calls.ts";

const decodeFaults = createContextKey<readonly FieldFault[]>([]);
const undecodable = createContextKey<Error | undefined>(undefined);
const use = useRestServers();

describe("what was done before the handler is asked", () => {
  const user = createContextKey("nobody");

  async function withHandler<Result>(
    handle: (request: NodeRequest, response: NodeResponse) => void,
    use: (
      send: (request: TestRequest) => Promise<{ status: number; text: string; headers: object }>,
    ) => Promise<Result>,
  ) {
    const own = await startRestServers(handle);
    try {
      return await use((request) => own.send("HTTP/1.1", request));
    } finally {
      await own.close();
    }
  }

  test("context values reach the call, and a body that was collected is not read again", async () => {
    const body = Buffer.from(JSON.stringify(start));
    await withHandler(
      (request, response) => {
        request.resume();
        handler(request, response, { contextValues: createContextValues().set(user, "alice"), body });
      },
      async (send) => {
        expect(await send(put("/cissession/start", "ignored"))).toMatchObject({ status: 200 });
        expect(calls[0]?.context.values.get(user)).toBe("alice");
        expect(calls[0]?.request).toMatchObject({ scanJobId });
      },
    );
  });

  test("a refusal is spelled as the service spells its errors", async () => {
    const refusal = new ConnectError("not you", Code.NotFound);
    await withHandler(
      (request, response) => handler.refuse(request, response, refusal),
      async (send) => {
        expect(await send({ path: "/items/1" })).toMatchObject({
          status: 404,
          headers: { "x-amzn-errortype": "ResourceNotFoundException" },
        });
        expect(await send(put("/cissession/start", start))).toMatchObject({ status: 400 });
        expect(await send(put("/cissession/start", "x".repeat(100_000)))).toMatchObject({ status: 400 });
        expect(await send({ path: "/no/route" })).toMatchObject({ status: 400 });
        expect(calls).toEqual([]);
      },
    );
  });

  test("the RPC that a request is for can be asked for", async () => {
    const found: (string | undefined)[] = [];
    await withHandler(
      (request, response) => {
        found.push(handler.find(request)?.name);
        handler(request, response);
      },
      async (send) => {
        await send(put("/cissession/start?a", start));
        await send({ path: "/v1/cis-sessions/%zz" });
        await send({ path: "/no/route" });
        expect(found).toEqual(["StartCisSession", undefined, undefined]);
      },
    );
  });

  test("a request id that there is already is answered, where the call sets none", async () => {
    const own = createRestHandler({
      calls: standInCalls(CisSessionService, cisStandIns),
      maxBodyBytes,
      requestId: (values) => values.get(user),
    });
    await withHandler(
      (request, response) => own(request, response, { contextValues: createContextValues().set(user, "id-1") }),
      async (send) => {
        expect(await send({ path: "/v1/cis-sessions" })).toMatchObject({ headers: { "x-amzn-requestid": "id-1" } });
        expect(await send({ path: "/nowhere" })).toMatchObject({ headers: { "x-amzn-requestid": "id-1" } });
      },
    );
  });

  test("interceptors that are given the keys learn what is wrong with a request", async () => {
    const own = createRestHandler({
      calls: standInCalls(CisSessionService, cisStandIns),
      maxBodyBytes,
      contextKeys: { decodeFaults, undecodable },
    });
    await withHandler(own, async (send) => {
      await send({ path: "/v1/cis-sessions?states=WRONG" });
      await send(put("/cissession/start", { scanJobId: 1 }));
      await send(put("/cissession/start", start));
      expect(calls.map(({ context }) => context.values.get(decodeFaults))).toEqual([
        [{ field: "states[0]", description: expect.any(String), rule: "enum.defined_only" }],
        [],
        [],
      ]);
      expect(calls.map(({ context }) => context.values.get(undecodable))).toMatchObject([
        undefined,
        { kind: "malformed", message: "The value at '/scanJobId' must be a string." },
        undefined,
      ]);
      expect(calls[1]?.request).toEqual(create(CisSessionService.method.startCisSession.input));
    });
  });

  test("a log that fails does not leave the client without an answer for ever", async () => {
    const own = createRestHandler({
      calls: standInCalls(CisSessionService, { listCisSessions: () => Promise.reject(new Error("a")) }),
      maxBodyBytes,
      onInternalError: () => {
        throw new Error("the log is full");
      },
    });
    await withHandler(own, async (send) => {
      await expect(send({ path: "/v1/cis-sessions" })).rejects.toThrow("socket hang up");
      expect(await send({ path: "/nowhere" })).toMatchObject({ status: 404 });
    });
  });

  test("violations of a call's own validation are spelled like the faults of decoding", async () => {
    const value = { fieldViolations: [{ field: "message.progress.total_checks", description: "d", reason: "r" }] };
    const details = [{ desc: BadRequestSchema, value }];
    doNext(() => Promise.reject(new ConnectError("m", Code.InvalidArgument, undefined, details)));
    const answer = await use.servers.send("HTTP/1.1", put("/cissession/stop", stop));
    expect(JSON.parse(answer.text)).toEqual({
      message: "m",
      reason: "FIELD_VALIDATION_FAILED",
      fields: [{ name: "message.progress.totalChecks", message: "d" }],
    });
  });
});
