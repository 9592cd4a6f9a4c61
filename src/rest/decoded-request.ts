import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { FieldFault } from "../domain/errors.ts";

/** The request message with its faults, or what is malformed, as a text for the client. */
export type DecodedRequest =
  | { readonly message: MessageShape<DescMessage>; readonly faults: readonly FieldFault[] }
  | { readonly malformed: string };
