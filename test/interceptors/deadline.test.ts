import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createHandlerContext } from "@connectrpc/connect";
import { expect, test } from "vitest";
import {
  CisSessionService,
  GetCisSessionRequestSchema,
} from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import type { ServedService, UnaryCall } from "../../src/interceptors/call.ts";
import { createCalls } from "../../src/interceptors/create-calls.ts";
import { deadline } from "../../src/interceptors/deadline.ts";

test.each([
  { name: "its deadline passes", reason: new ConnectError("late", Code.DeadlineExceeded), code: Code.DeadlineExceeded },
  { name: "its caller goes away", reason: undefined, code: Code.Canceled },
  {
    name: "its caller breaks off with an internal error",
    reason: new ConnectError("reset", Code.Internal),
    code: Code.Canceled,
  },
])("a call that hangs ends when $name", async ({ reason, code }) => {
  const method = CisSessionService.method.getCisSession;
  const hang = () => new Promise(() => {});
  const service: ServedService = { service: CisSessionService, implementation: { [method.localName]: hang } };
  const call = createCalls(service, [deadline]).find((each) => each.method === method) as UnaryCall;
  const caller = new AbortController();
  const context = createHandlerContext({
    service: CisSessionService,
    method,
    protocolName: "test",
    requestMethod: "POST",
    url: "http://localhost",
    requestSignal: caller.signal,
  });
  const answer = call.invoke(create(GetCisSessionRequestSchema), context);
  caller.abort(reason);
  await expect(answer).rejects.toMatchObject({ code });
});
