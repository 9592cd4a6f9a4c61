import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { GatewayError } from "../domain/errors.ts";
import type { KeyValue, RecordKind } from "./record-kind.ts";

/**
 * The message that an engine kept.
 *
 * @throws GatewayError `internal` where the bytes are not of this kind.
 */
export function decodeRecord<Desc extends DescMessage>(kind: RecordKind<Desc>, bytes: Uint8Array): MessageShape<Desc> {
  try {
    return fromBinary(kind.desc, bytes);
  } catch (cause) {
    throw new GatewayError("internal", "The store holds a record that cannot be read.", { cause });
  }
}

/**
 * The message in the form in which engines keep it.
 *
 * @throws GatewayError `internal` where a field holds what its type does not allow.
 */
export function encodeRecord<Desc extends DescMessage>(
  kind: RecordKind<Desc>,
  message: MessageShape<Desc>,
): Uint8Array {
  try {
    return toBinary(kind.desc, message);
  } catch (cause) {
    throw new GatewayError("internal", "A record cannot be stored.", { cause });
  }
}

/** The values of the kind's filter columns, in order. */
export function columnValues<Desc extends DescMessage>(
  kind: RecordKind<Desc>,
  message: MessageShape<Desc>,
): readonly KeyValue[] {
  return kind.columns.map((column) => column.of(message));
}
