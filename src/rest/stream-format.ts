import type { RestError } from "./errors.ts";

/** How a stream of messages is spelled. */
export interface StreamFormat {
  readonly contentType: string;
  /** @param id Where the stream stands behind the message; empty where that is not known. */
  readonly message: (json: string, id: string) => string;
  /** What ends a stream that fails after its first byte. */
  readonly error: (error: RestError) => string;
  /** What shows that the stream is alive while nothing happens, where the format has such a thing. */
  readonly keepAlive: string | undefined;
}

/** One JSON text per line; an error is a last line with the one member `error`. */
const lines: StreamFormat = {
  contentType: "application/x-ndjson",
  message: (json) => `${json}\n`,
  error: (error) => `${JSON.stringify({ error: errorObject(error) })}\n`,
  keepAlive: undefined,
};

/** Server-sent events (WHATWG HTML, section 9.2); an error is a last event named `error`. */
const events: StreamFormat = {
  contentType: "text/event-stream",
  message: (json, id) => (isEventId(id) ? `id: ${id}\ndata: ${json}\n\n` : `data: ${json}\n\n`),
  error: (error) => `event: error\ndata: ${JSON.stringify({ error: errorObject(error) })}\n\n`,
  keepAlive: ":\n\n",
};

/** The formats by the media type that asks for them, the preferred one first. */
export const streamFormats: ReadonlyMap<string, StreamFormat> = new Map([
  ["application/x-ndjson", lines],
  ["text/event-stream", events],
  ["application/json", lines],
]);

function errorObject({ type, body }: RestError): object {
  return { type, ...body };
}

/** A line break would end the field, and readers ignore an id with a NUL. */
function isEventId(id: string): boolean {
  return id !== "" && !/[\r\n\0]/.test(id);
}
