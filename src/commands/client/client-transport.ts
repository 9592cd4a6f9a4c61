import type { Transport } from "@connectrpc/connect";
import type { Parsed } from "./parsed.ts";

export const clientProtocols = ["grpc", "connect", "rest"] as const;

export type ClientProtocol = (typeof clientProtocols)[number];

/** A transport, and the end of its connections. */
export interface ClientTransport {
  readonly transport: Transport;
  close(): void;
}

/** An endpoint as a URL of http or https. The problem reads on behind the name of the flag. */
export function parseEndpoint(text: string): Parsed<string> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    return { problem: "must be a URL such as http://127.0.0.1:8080" };
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    return { problem: "must be a URL without credentials, query and fragment" };
  }
  return { value: url.href.replace(/\/+$/, "") };
}

/** Opens the way to a gateway. The libraries of a protocol are loaded only where it is the one. */
export async function openTransport(protocol: ClientProtocol, baseUrl: string): Promise<ClientTransport> {
  switch (protocol) {
    case "grpc": {
      const { createGrpcTransport, Http2SessionManager } = await import("@connectrpc/connect-node");
      const sessionManager = new Http2SessionManager(baseUrl);
      return { transport: createGrpcTransport({ baseUrl, sessionManager }), close: () => sessionManager.abort() };
    }
    case "connect": {
      const { createConnectTransport } = await import("@connectrpc/connect-node");
      return { transport: createConnectTransport({ baseUrl, httpVersion: "1.1" }), close() {} };
    }
    default: {
      const { createRestTransport } = await import("../../rest/rest-transport.ts");
      return { transport: createRestTransport({ baseUrl }), close() {} };
    }
  }
}
