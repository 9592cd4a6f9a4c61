import { hash } from "node:crypto";
import { type DescMessage, type JsonValue, type MessageShape, toJson } from "@bufbuild/protobuf";

/**
 * The SHA-256 hash of what a request says, the same whichever protocol it came by.
 *
 * @param without The JSON name of a top-level field that does not count.
 */
export function requestFingerprint<Desc extends DescMessage>(
  desc: Desc,
  request: MessageShape<Desc>,
  without: string,
): Uint8Array<ArrayBuffer> {
  const members = Object.entries(toJson(desc, request) as Record<string, JsonValue>);
  const counted = members.filter(([name]) => name !== without);
  return new Uint8Array(hash("sha256", JSON.stringify(sorted(Object.fromEntries(counted))), "buffer"));
}

/** The entries of a map have no order, so each object's members are put into one. */
function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return members.map(([name, member]) => [name, sorted(member)]);
}
