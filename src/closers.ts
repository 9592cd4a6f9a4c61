/** Closes what was opened, in reverse order. */
export interface Closers {
  /** Remembers how to close what was just opened. */
  push(close: () => Promise<void>): void;
  /**
   * Closes everything, the last opened first, one after the other, and goes on past failures.
   *
   * @throws AggregateError with every failure.
   */
  close(): Promise<void>;
}

export function createClosers(): Closers {
  const stack: (() => Promise<void>)[] = [];
  return {
    push(close) {
      stack.push(close);
    },
    async close() {
      const failures: unknown[] = [];
      for (let close = stack.pop(); close !== undefined; close = stack.pop()) {
        await close().catch((error: unknown) => failures.push(error));
      }
      if (failures.length > 0) {
        throw new AggregateError(failures, "not everything could be closed");
      }
    },
  };
}
