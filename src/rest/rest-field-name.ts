/** Either a map key in brackets, which is the client's own text, or the start of another word of a name. */
const keyOrWord = /\["(?:[^"\\]|\\.)*"\]|_+([A-Za-z0-9]?)/g;

/** The REST name of a field by its proto path: `messages[0].rule_id` is `messages[0].ruleId`. */
export function restFieldName(path: string): string {
  return path.replace(keyOrWord, (match, initial: string | undefined) =>
    match.startsWith("[") ? match : (initial ?? "").toUpperCase(),
  );
}
