/** Printable ASCII, the only characters that a request line may hold undisguised. */
const printable = /^[\x21-\x7e]*$/;

/** The text that a percent-encoded part of a path spells, or undefined where the encoding or its UTF-8 is wrong. */
export function percentDecode(text: string): string | undefined {
  if (!printable.test(text)) {
    return undefined;
  }
  if (!text.includes("%")) {
    return text;
  }
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * As percentDecode(), but `%2F` stays as it is, so that a slash inside a segment is not taken for one between segments.
 * This is how google.api.http decodes variables of more than one segment.
 */
export function percentDecodeSegments(text: string): string | undefined {
  const parts = text.split(/(%2F)/i);
  const decoded = parts.map((part, index) => (index % 2 === 1 ? part : percentDecode(part)));
  return decoded.includes(undefined) ? undefined : decoded.join("");
}
