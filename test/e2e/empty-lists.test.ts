import { expect, test } from "vitest";
import { streamingGateway } from "../support/streaming-gateway.ts";

test.each([
  ["ListCisSessions", "/v1/cis-sessions"],
  ["ListStreamingSessions", "/2020-08-01/studios/studio-1/streaming-sessions"],
])("%s without sessions answers an empty list over REST, for scripts that go through it unasked", async (_, path) => {
  const { url } = await streamingGateway();
  const response = await fetch(url + path);
  expect({ status: response.status, text: await response.text() }).toEqual({ status: 200, text: '{"sessions":[]}' });
});
