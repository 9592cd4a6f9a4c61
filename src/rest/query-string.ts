/**
 * The values of each key of a query, in their order, or undefined where its percent-encoding or its UTF-8 is wrong.
 *
 * `+` is a space, and a key without `=` has the empty text.
 */
export function parseQueryString(query: string): ReadonlyMap<string, readonly string[]> | undefined {
  const values = new Map<string, string[]>();
  try {
    for (const pair of query.split("&")) {
      if (pair === "") {
        continue;
      }
      const equals = pair.indexOf("=");
      const key = decode(equals === -1 ? pair : pair.slice(0, equals));
      const value = equals === -1 ? "" : decode(pair.slice(equals + 1));
      const present = values.get(key);
      if (present === undefined) {
        values.set(key, [value]);
      } else {
        present.push(value);
      }
    }
  } catch {
    return undefined;
  }
  return values;
}

/** @throws URIError for wrong encoding. */
function decode(text: string): string {
  return decodeURIComponent(text.replaceAll("+", " "));
}
