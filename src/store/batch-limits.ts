/** How much may be on its way at once. */
export interface BatchLimits {
  /** Updates in a batch. */
  readonly maxUpdates: number;
  /** Puts in a batch, past which it takes no further update. */
  readonly maxPuts: number;
  /** Bytes of messages in a batch, past which it takes no further update. */
  readonly maxBytes: number;
  /** Updates that wait for a batch. Past it, updates are refused as unavailable. */
  readonly maxWaiting: number;
}

/** A full batch of any of these sizes keeps SQLite busy for some 5 to 50 ms. */
export const defaultBatchLimits: BatchLimits = {
  maxUpdates: 256,
  maxPuts: 4096,
  maxBytes: 4 * 1024 * 1024,
  maxWaiting: 20_000,
};
