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
import { expect, test } from "vitest";
import { GatewayError } from "../../src/domain/errors.ts";
import { StreamingSessionService } from "../../src/gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import { failingServer } from "../support/failing-server.ts";
import { nimbleClient } from "../support/streaming-gateway.ts";

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
  const failure = new GatewayError(kind, `It is ${kind}.`, {
    resource: { type: "STREAMING_SESSION", id: "session-1" },
  });
  const client = nimbleClient(await failingServer(StreamingSessionService, failure));
  const sent = client.send(new GetStreamingSessionCommand({ studioId: "studio-1", sessionId: "session-1" }));
  const error = await sent.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(NimbleServiceException);
  expect(error).toBeInstanceOf(exception);
  expect(error).toMatchObject({ message: `It is ${kind}.`, $metadata: { httpStatusCode } });
});
