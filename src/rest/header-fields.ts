import { type DescField, type DescMessage, getOption } from "@bufbuild/protobuf";
import { field as fieldRest } from "../gen/sessiongateway/rest/v1/rest_pb.ts";
import type { HeaderBinding } from "./http-binding.ts";

/** A header name of HTTP is a token (RFC 9110, section 5.6.2). */
const tokenPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Headers that say how a message is framed or who sends it, and can carry nothing else. */
const reserved: ReadonlySet<string> = new Set([
  "accept",
  "authorization",
  "connection",
  "content-length",
  "content-type",
  "expect",
  "host",
  "last-event-id",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** The fields of a request that are carried in headers, and what is wrong with their options. */
export function headerFields(desc: DescMessage): {
  readonly bindings: readonly HeaderBinding[];
  readonly problems: readonly string[];
} {
  const problems = nestedHeaderFields(desc);
  const bindings = new Map<string, HeaderBinding>();
  for (const field of desc.fields) {
    const header = headerOf(field);
    if (header === "") {
      continue;
    }
    const name = header.toLowerCase();
    const other = bindings.get(name);
    if (field.fieldKind !== "scalar" && field.fieldKind !== "enum") {
      problems.push(`the field '${field.name}' is bound to the header ${header} and is no scalar or enum`);
    } else if (!tokenPattern.test(header) || reserved.has(name)) {
      problems.push(`the field '${field.name}' cannot be bound to a header named '${header}'`);
    } else if (other !== undefined) {
      problems.push(`the fields '${other.field.name}' and '${field.name}' are bound to the same header ${header}`);
    } else {
      bindings.set(name, { name, field });
    }
  }
  return { bindings: [...bindings.values()], problems };
}

/** A header option below the top level would be passed over in silence. */
function nestedHeaderFields(desc: DescMessage): string[] {
  const problems: string[] = [];
  const seen = new Set([desc]);
  for (const message of seen) {
    for (const field of message.fields) {
      if (message !== desc && headerOf(field) !== "") {
        problems.push(`the field '${field.name}' of ${message.typeName} is bound to a header and not at the top level`);
      }
      if (field.message !== undefined) {
        seen.add(field.message);
      }
    }
  }
  return problems;
}

function headerOf(field: DescField): string {
  return getOption(field, fieldRest).header;
}
