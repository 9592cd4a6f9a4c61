import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  AccessDeniedException,
  ConflictException,
  GetStreamingSessionCommand,
  InternalServerErrorException,
  NimbleServiceException,
  ResourceNotFoundException,
  ServiceQuotaExceededException,
  ThrottlingException,
  ValidationException,
} from "@aws-sdk/client-nimble";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { type ErrorKind, GatewayError } from "../../src/domain/errors.ts";
import { StreamingSessionService } from "../../src/gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import { serve } from "../../src/interceptors/call.ts";
import { createCalls } from "../../src/interceptors/create-calls.ts";
import { decodeFaults } from "../../src/interceptors/decode-faults.ts";
import { createInterceptors } from "../../src/interceptors/interceptors.ts";
import { requestId } from "../../src/interceptors/request-id.ts";
import { undecodable } from "../../src/interceptors/undecodable.ts";
import { createRestHandler } from "../../src/rest/index.ts";
import { nimbleClient } from "../support/streaming-gateway.ts";

/** A server whose every call fails in one way, behind the interceptors and the REST handler of the gateway. */
async function failingServer(kind: ErrorKind): Promise<{ readonly url: string }> {
  const fail = () => {
    throw new GatewayError(kind, `It is ${kind}.`, { resource: { type: "STREAMING_SESSION", id: "session-1" } });
  };
  const failing = new Proxy({}, { get: () => fail });
  const shutdownSignal = new AbortController().signal;
  const handler = createRestHandler({
    calls: createCalls(
      serve(StreamingSessionService, failing as Parameters<typeof serve<typeof StreamingSessionService>>[1]),
      createInterceptors(pino({ level: "silent" }), shutdownSignal),
    ),
    maxBodyBytes: 1000,
    shutdownSignal,
    contextKeys: { decodeFaults, undecodable },
    requestId: (values) => values.get(requestId) || undefined,
    onInternalError: () => {},
  });
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  onTestFinished(() => server.closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test.each([
  ["invalid", ValidationException, 400],
  ["notFound", ResourceNotFoundException, 404],
  ["conflict", ConflictException, 409],
  ["aborted", ConflictException, 409],
  ["denied", AccessDeniedException, 403],
  ["throttled", ThrottlingException, 429],
  ["quota", ServiceQuotaExceededException, 402],
  ["internal", InternalServerErrorException, 500],
] as const)("the SDK catches what is %s by the class of the model", async (kind, exception, httpStatusCode) => {
  const client = nimbleClient(await failingServer(kind));
  const sent = client.send(new GetStreamingSessionCommand({ studioId: "studio-1", sessionId: "session-1" }));
  const error = await sent.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(NimbleServiceException);
  expect(error).toBeInstanceOf(exception);
  expect(error).toMatchObject({ message: `It is ${kind}.`, $metadata: { httpStatusCode } });
});
