import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageShape,
} from "@bufbuild/protobuf";
import { ConnectError, type Transport } from "@connectrpc/connect";
import { createAsyncIterable } from "@connectrpc/connect/protocol";
import { onTestFinished } from "vitest";
import { createRestHandler, createRestTransport, type RestTransportOptions } from "../../src/rest/index.ts";
import { type StandIn, standInCalls } from "./stand-in-calls.ts";

type AnyMessage = MessageShape<DescMessage>;

/** The URL of an HTTP server on loopback that is closed when the test has finished. */
export async function serverForTest(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A REST client of a service whose RPCs all do the same, behind the real handler. */
export async function restClientOf(
  service: DescService,
  standIn: StandIn,
  options: Partial<RestTransportOptions> = {},
): Promise<{ readonly transport: Transport; readonly targets: readonly string[] }> {
  const standIns = Object.fromEntries(service.methods.map(({ localName }) => [localName, standIn]));
  const handler = createRestHandler({ calls: standInCalls(service, standIns), maxBodyBytes: 1 << 20 });
  const targets: string[] = [];
  const baseUrl = await serverForTest((request, response) => {
    targets.push(`${request.method} ${request.url}`);
    handler(request, response);
  });
  return { transport: createRestTransport({ baseUrl, ...options }), targets };
}

/** Calls an RPC by its local name. */
export async function call(
  { transport }: { readonly transport: Transport },
  service: DescService,
  name: string,
  request: Record<string, unknown> = {},
  { signal, timeoutMs }: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
): Promise<AnyMessage> {
  const method = service.method[name];
  if (method?.methodKind !== "unary") {
    throw new Error(`${name} is no unary RPC`);
  }
  return (await transport.unary(method as DescMethodUnary, signal, timeoutMs, undefined, request)).message;
}

/** Everything that a server stream sends, and the error that ends it. */
export async function readStream(
  { transport }: { readonly transport: Transport },
  service: DescService,
  name: string,
  request: Record<string, unknown> = {},
  onMessage: (message: AnyMessage) => void = () => {},
  signal?: AbortSignal,
): Promise<{ readonly messages: readonly AnyMessage[]; readonly error?: ConnectError }> {
  const method = service.method[name];
  if (method?.methodKind !== "server_streaming") {
    throw new Error(`${name} is no server stream`);
  }
  const messages: AnyMessage[] = [];
  try {
    const input = createAsyncIterable([request]);
    const stream = await transport.stream(method as DescMethodServerStreaming, signal, undefined, undefined, input);
    for await (const message of stream.message) {
      messages.push(message);
      onMessage(message);
    }
    return { messages };
  } catch (error) {
    return { messages, error: ConnectError.from(error) };
  }
}

/** The error that a call fails with. */
export async function failureOf(calling: Promise<unknown>): Promise<ConnectError> {
  try {
    await calling;
  } catch (error) {
    if (error instanceof ConnectError) {
      return error;
    }
    throw error;
  }
  throw new Error("the call did not fail");
}
