/** Wakes those who wait for changes of a kind. */
export class CommitSignal {
  readonly #readHead: () => Promise<number>;
  readonly #pollMs: number;
  readonly #revisions = new Map<string, number>();
  readonly #waiters = new Map<() => void, string>();
  #poll: NodeJS.Timeout | undefined;
  #head: number | undefined;

  /**
   * @param readHead The sequence number of the last change, which other processes may have made.
   * @param pollMs How often it is read while somebody waits, in milliseconds.
   */
  constructor(readHead: () => Promise<number>, pollMs: number) {
    this.#readHead = readHead;
    this.#pollMs = pollMs;
  }

  /** Grows with every wake-up of the kind. To be read before looking for changes, so that none is missed in between. */
  revision(kind: string): number {
    return this.#revisions.get(kind) ?? 0;
  }

  /** Resolves once the kind's revision is another than `seen`, or when `signal` is aborted. */
  wait(kind: string, seen: number, signal: AbortSignal): Promise<void> {
    if (this.revision(kind) !== seen || signal.aborted) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiters.delete(wake);
        signal.removeEventListener("abort", wake);
        this.#stopPollingForNobody();
        resolve();
      };
      signal.addEventListener("abort", wake);
      this.#waiters.set(wake, kind);
      this.#poll ??= setInterval(() => this.#lookForOthers(), this.#pollMs);
    });
  }

  /** Wakes all who wait for one of the kinds. */
  wake(kinds: Iterable<string>): void {
    for (const kind of kinds) {
      this.#revisions.set(kind, this.revision(kind) + 1);
      for (const [wake, waitsFor] of this.#waiters) {
        if (waitsFor === kind) {
          wake();
        }
      }
    }
  }

  #stopPollingForNobody(): void {
    if (this.#waiters.size === 0) {
      clearInterval(this.#poll);
      this.#poll = undefined;
    }
  }

  /** Wakes everybody where a change was made since the last look. Who is woken in vain looks and waits again. */
  #lookForOthers(): void {
    this.#readHead().then(
      (head) => {
        if (head !== this.#head) {
          this.#head = head;
          this.wake(new Set(this.#waiters.values()));
        }
      },
      // Those who wait are woken to meet the failure themselves.
      () => this.wake(new Set(this.#waiters.values())),
    );
  }
}
