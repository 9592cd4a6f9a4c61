import type { Socket } from "node:net";

/** What every HTTP/2 connection with prior knowledge begins with (RFC 9113, section 3.4). No HTTP/1 method is PRI. */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/**
 * Tells whether a connection begins with the HTTP/2 preface, and puts the bytes it looked at back. A connection that does
 * not show it in time is cut.
 */
export function sniffPreface(socket: Socket, timeoutMs: number, found: (isHttp2: boolean) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  const onGone = () => clearTimeout(timer);

  function onData(chunk: Buffer): void {
    seen = seen.byteLength === 0 ? chunk : Buffer.concat([seen, chunk]);
    const length = Math.min(seen.byteLength, preface.byteLength);
    const matches = seen.subarray(0, length).equals(preface.subarray(0, length));
    if (matches && length < preface.byteLength) {
      return;
    }
    onGone();
    socket.off("data", onData).off("close", onGone).off("error", onGone);
    socket.pause();
    socket.unshift(seen);
    found(matches);
    if (!matches) {
      // An HTTP/2 session reads what is buffered itself. An HTTP/1.1 parser waits for the socket to flow, and must see
      // the buffered bytes before any later ones, which come in a later turn of the event loop.
      process.nextTick(() => socket.resume());
    }
  }

  socket.on("data", onData).on("close", onGone).on("error", onGone);
}
