/** The name under which the health of the gateway as a whole is asked for. */
const overall = "";

/**
 * Which services are serving. The overall service, named "", is always known; another becomes known when it is named
 * to the constructor or first set, and stays so. A service that was only named does not serve.
 */
export class HealthStatus {
  readonly #serving = new Map<string, boolean>();
  readonly #listeners = new Set<() => void>();

  constructor(services: Iterable<string> = []) {
    for (const service of [overall, ...services]) {
      this.#serving.set(service, false);
    }
  }

  /** Whether a service is serving, or undefined where it is unknown. */
  get(service: string): boolean | undefined {
    return this.#serving.get(service);
  }

  /** Every known service and whether it is serving. */
  entries(): Iterable<readonly [service: string, serving: boolean]> {
    return this.#serving.entries();
  }

  /** Sets one service and no other: the overall service does not follow the rest. */
  set(service: string, serving: boolean): void {
    this.#serving.set(service, serving);
    this.#tell();
  }

  /** Sets every known service, the overall one too, before any listener is called. */
  setAll(serving: boolean): void {
    for (const service of this.#serving.keys()) {
      this.#serving.set(service, serving);
    }
    this.#tell();
  }

  /** Calls `listener` after each set, also one that changed nothing. Returns the function that ends it. */
  onSet(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) {
      listener();
    }
  }
}
