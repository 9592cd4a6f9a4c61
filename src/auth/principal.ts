import { createContextKey } from "@connectrpc/connect";

/** Who calls. */
export interface Principal {
  /** The name under which the caller is known: what `createdBy` and the like show. */
  readonly id: string;
}

const anonymous: Principal = { id: "anonymous" };

/** The caller of a call, in its context values. Whoever did not say who it is, where that is allowed, is `anonymous`. */
export const principal = createContextKey<Principal>(anonymous, { description: "principal" });
