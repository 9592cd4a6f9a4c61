import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { DescService } from "@bufbuild/protobuf";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import type { GatewayError } from "../../src/domain/errors.ts";
import { createCalls } from "../../src/interceptors/create-calls.ts";
import { decodeFaults } from "../../src/interceptors/decode-faults.ts";
import { createInterceptors } from "../../src/interceptors/interceptors.ts";
import { requestId } from "../../src/interceptors/request-id.ts";
import { undecodable } from "../../src/interceptors/undecodable.ts";
import { createRestHandler } from "../../src/rest/index.ts";

/**
 * A server whose every call fails with `failure`, behind the interceptors and the REST handler of the gateway, for failures
 * that no state of a session brings about.
 */
export async function failingServer(service: DescService, failure: GatewayError): Promise<{ readonly url: string }> {
  const fail = () => Promise.reject(failure);
  const implementation = Object.fromEntries(service.methods.map(({ localName }) => [localName, fail]));
  const shutdownSignal = new AbortController().signal;
  const handler = createRestHandler({
    calls: createCalls({ service, implementation }, createInterceptors(pino({ level: "silent" }), shutdownSignal)),
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
