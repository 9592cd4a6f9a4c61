import type { SessionStore } from "../../../src/store/session-store.ts";

/** One test of a promise. */
export interface ContractTest {
  /** Begins with the number of the promise. */
  readonly name: string;
  /** Whether it opens the data of a store a second time. */
  readonly needsReopen?: boolean;
  readonly run: (stores: StoreOpener) => Promise<void>;
}

/** Opens stores that are closed when the test is over. */
export interface StoreOpener {
  /** A new store that holds nothing. */
  open(): Promise<SessionStore>;
  /** Another store over the data of the one that was opened last. */
  reopen(): Promise<SessionStore>;
}
