import { restFieldName } from "../../rest/rest-field-name.ts";
import { kebabCase } from "./kebab-case.ts";

/** A field of a request as a caller of a command names it: `messages[0].rule_id` is `--messages[0].ruleId`. */
export function flagPath(protoPath: string): string {
  const end = protoPath.search(/[.[]/);
  const head = end === -1 ? protoPath : protoPath.slice(0, end);
  return `--${kebabCase(head)}${restFieldName(protoPath.slice(head.length))}`;
}
