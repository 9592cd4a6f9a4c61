import { create, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type ContextKey, type ContextValues } from "@connectrpc/connect";
import { type FieldFault, GatewayError } from "../domain/errors.ts";
import { BadRequestSchema } from "../gen/google/rpc/error_details_pb.ts";
import type { DecodedRequest } from "./decoded-request.ts";

/**
 * Context values through which interceptors learn what is wrong with a request, so that such a call is logged,
 * authorised and counted like any other. Interceptors that are given a key must refuse what they find under it.
 */
export interface DecodeContextKeys {
  /** Faults to be reported together with those that validation finds. */
  readonly decodeFaults?: ContextKey<readonly FieldFault[]>;
  /** Why there is an empty message in place of the request. */
  readonly undecodable?: ContextKey<Error | undefined>;
}

/**
 * The message to call with. What is wrong with the request goes into the context where there is a key for it.
 *
 * @throws ConnectError invalid_argument where there is none.
 */
export function messageToCall(
  input: DescMessage,
  decoded: DecodedRequest,
  values: ContextValues,
  { decodeFaults, undecodable }: DecodeContextKeys,
): MessageShape<DescMessage> {
  if ("malformed" in decoded) {
    if (undecodable === undefined) {
      throw new ConnectError(decoded.malformed, Code.InvalidArgument);
    }
    values.set(undecodable, new GatewayError("malformed", decoded.malformed));
    return create(input);
  }
  if (decoded.faults.length > 0) {
    if (decodeFaults === undefined) {
      throw invalid(decoded.faults);
    }
    values.set(decodeFaults, decoded.faults);
  }
  return decoded.message;
}

function invalid(faults: readonly FieldFault[]): ConnectError {
  const text = faults.map(({ field, description }) => `${field}: ${description}`).join("; ");
  const fieldViolations = faults.map(({ field, description, rule }) => ({ field, description, reason: rule ?? "" }));
  const details = [{ desc: BadRequestSchema, value: { fieldViolations } }];
  return new ConnectError(text, Code.InvalidArgument, undefined, details);
}
