import type { DescMessage, DescMethod, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { readBody, readLines } from "./bounded-body.ts";
import type { HttpResponse } from "./http-client.ts";
import type { ResponseDecoder } from "./response-decoder.ts";
import { restErrorToConnect } from "./rest-error-to-connect.ts";

/** The value of a JSON text, or undefined where it is none. */
export function parseJson(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** The error that an answer tells which is no success. */
export async function toRestError(
  { status, headers, body }: HttpResponse,
  { input }: DescMethod,
  maxBytes: number,
): Promise<ConnectError> {
  return restErrorToConnect({ status, headers, body: parseJson(await readBody(body, maxBytes)) }, input);
}

/**
 * The messages of a stream of JSON lines.
 *
 * @throws ConnectError what the last line tells where the stream ends with an error, and internal for a line that is no
 * message.
 */
export async function* readReplies(
  { body, headers, status }: HttpResponse,
  { input }: DescMethod,
  decode: ResponseDecoder,
  maxBytes: number,
): AsyncIterable<MessageShape<DescMessage>> {
  for await (const line of readLines(body, maxBytes)) {
    const json = parseJson(line);
    const error = errorOf(json);
    if (error !== undefined) {
      const errorHeaders = new Headers(headers);
      errorHeaders.set("x-amzn-errortype", error.type);
      throw restErrorToConnect({ status, headers: errorHeaders, body: error }, input);
    }
    const reply = decode(json);
    if ("error" in reply) {
      throw new ConnectError(`The answer cannot be read: ${reply.error}.`, Code.Internal, headers);
    }
    yield reply.value;
  }
}

/** A line with nothing but an error that has a type ends a stream. */
function errorOf(json: unknown): { readonly type: string } | undefined {
  if (typeof json !== "object" || json === null || Object.keys(json).length !== 1 || !("error" in json)) {
    return undefined;
  }
  const { error } = json;
  const isTyped = typeof error === "object" && error !== null && "type" in error && typeof error.type === "string";
  return isTyped ? (error as { type: string }) : undefined;
}
