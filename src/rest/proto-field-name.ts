import type { DescField, DescMessage } from "@bufbuild/protobuf";

/** A name, or brackets with a list index or a map key in them. */
const nameOrBrackets = /\["(?:[^"\\]|\\.)*"\]|\[\d+\]|[^.[\]]+/g;

/**
 * The proto path of a field by its REST name: `messages[0].ruleId` is `messages[0].rule_id`. What the message does not
 * have stays as it is.
 */
export function protoFieldName(desc: DescMessage, name: string): string {
  let message: DescMessage | undefined = desc;
  let path = "";
  for (const [part] of name.matchAll(nameOrBrackets)) {
    if (part.startsWith("[")) {
      path += part;
      continue;
    }
    const field: DescField | undefined = message?.fields.find(({ jsonName }) => jsonName === part);
    path += `${path === "" ? "" : "."}${field?.name ?? part}`;
    message = field?.message;
  }
  return path;
}
