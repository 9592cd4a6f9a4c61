import { createContextKey } from "@connectrpc/connect";
import type { FieldFault } from "../domain/errors.ts";

/**
 * Faults that a protocol found while it decoded a request and that are a matter of limits, not of spelling, such as
 * an enum value over REST that the enum does not have. The validate interceptor reports them with its own.
 */
export const decodeFaults = createContextKey<readonly FieldFault[]>([], { description: "decode faults" });
