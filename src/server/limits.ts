/** What a connection may take. Times are milliseconds. */
export interface PortLimits {
  /** How long a new connection may take to show which protocol it speaks. */
  readonly firstBytesTimeoutMs: number;
  /** How long the headers of an HTTP/1.1 request may take. */
  readonly headersTimeoutMs: number;
  /** How long a whole HTTP/1.1 request may take to arrive. */
  readonly requestTimeoutMs: number;
  /** How long an HTTP/1.1 connection may idle between requests. */
  readonly keepAliveTimeoutMs: number;
  /** How long an HTTP/2 connection without an open stream may go without traffic. */
  readonly idleTimeoutMs: number;
  /** How often the time limits of HTTP/1.1 are looked at. */
  readonly timeoutCheckIntervalMs: number;
  /** How many calls an HTTP/2 connection may have open. Node allows more than four thousand million. */
  readonly maxConcurrentStreams: number;
}

export const portLimits: PortLimits = {
  firstBytesTimeoutMs: 2000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 65_000,
  idleTimeoutMs: 65_000,
  timeoutCheckIntervalMs: 1000,
  maxConcurrentStreams: 1000,
};

/** The largest request message of any RPC, in bytes. */
export const maxMessageBytes = 1024 * 1024;
