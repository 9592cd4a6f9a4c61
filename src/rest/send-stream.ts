import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { RestError } from "./errors.ts";
import { asServerResponse, isGone, type NodeResponse } from "./node-http.ts";
import type { StreamFormat } from "./stream-format.ts";

/** How long a stream waits for its first message or error before it sends its headers, in milliseconds. */
const openAfterMs = 100;

/** A stream of messages to send. */
export interface OutgoingStream<Message> {
  readonly messages: AsyncIterable<Message>;
  readonly format: StreamFormat;
  /** The headers of the answer, asked for when they are sent. */
  readonly headers: () => OutgoingHttpHeaders;
  readonly encode: (message: Message) => string;
  readonly eventId: (message: Message) => string;
  /** What an error is answered with. */
  readonly toRestError: (error: unknown) => RestError;
  /** How often an idle stream shows that it is alive, in milliseconds. */
  readonly keepAliveMs: number;
}

/**
 * Sends messages as they come, no faster than the client takes them, until they end or the client goes away.
 *
 * The headers are sent with the first message, or after a tenth of a second without one, so that an idle stream is seen
 * to be open. An error before that rejects, and can still be answered as an error; one after it ends the stream with the
 * format's error.
 */
export async function sendStream<Message>(response: NodeResponse, stream: OutgoingStream<Message>): Promise<void> {
  const writer = new StreamWriter(response, stream);
  const opening = setTimeout(() => writer.open(), openAfterMs);
  try {
    for await (const message of stream.messages) {
      writer.open();
      await writer.write(stream.format.message(stream.encode(message), stream.eventId(message)));
      if (isGone(response)) {
        return;
      }
    }
    writer.open();
  } catch (error) {
    if (!writer.isOpen) {
      throw error;
    }
    await writer.write(stream.format.error(stream.toRestError(error)));
  } finally {
    clearTimeout(opening);
    writer.close();
  }
}

class StreamWriter {
  readonly #response: ServerResponse;
  readonly #stream: Pick<OutgoingStream<unknown>, "format" | "headers" | "keepAliveMs">;
  #keepAlive: NodeJS.Timeout | undefined;

  constructor(response: NodeResponse, stream: Pick<OutgoingStream<unknown>, "format" | "headers" | "keepAliveMs">) {
    this.#response = asServerResponse(response);
    this.#stream = stream;
  }

  get isOpen(): boolean {
    return this.#response.headersSent;
  }

  open(): void {
    if (this.isOpen || isGone(this.#response)) {
      return;
    }
    const { format, headers, keepAliveMs } = this.#stream;
    const { keepAlive, contentType } = format;
    this.#response.writeHead(200, { "cache-control": "no-store", ...headers(), "Content-Type": contentType });
    this.#response.flushHeaders();
    if (keepAlive !== undefined) {
      this.#keepAlive = setInterval(() => {
        if (!this.#response.writableNeedDrain) {
          this.#send(keepAlive);
        }
      }, keepAliveMs);
    }
  }

  /** Resolves when the client can take more, or is gone. */
  async write(text: string): Promise<void> {
    if (isGone(this.#response) || this.#send(text)) {
      return;
    }
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#response.off("drain", done).off("close", done);
        resolve();
      };
      this.#response.on("drain", done).on("close", done);
    });
  }

  close(): void {
    clearInterval(this.#keepAlive);
    if (this.isOpen) {
      this.#response.end();
    }
  }

  #send(text: string): boolean {
    return this.#response.write(text);
  }
}
