const json = /^application\/json[ \t]*(?:;|$)/i;

/** Whether a Content-Type says JSON. Parameters, such as a charset, are not looked at: JSON is UTF-8. */
export function isJson(contentType: string | undefined): boolean {
  return contentType !== undefined && json.test(contentType);
}

/**
 * The best of the media types on offer by an Accept header (RFC 9110, section 12.5.1), the first one among equals, or
 * undefined where it takes none.
 */
export function negotiate(accept: string | undefined, offers: readonly string[]): string | undefined {
  if (accept === undefined || accept === "" || accept === "*/*") {
    return offers[0];
  }
  const ranges = accept.split(",").map(parseRange);
  let best: string | undefined;
  let bestQuality = 0;
  for (const offer of offers) {
    const quality = qualityOf(offer, ranges);
    if (quality > bestQuality) {
      best = offer;
      bestQuality = quality;
    }
  }
  return best;
}

interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

function parseRange(text: string): MediaRange {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith("q="));
  const quality = weight === undefined ? 1 : Number(weight.slice("q=".length));
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

/** The most specific range that covers a type decides on it. */
function qualityOf(offer: string, ranges: readonly MediaRange[]): number {
  const family = `${offer.slice(0, offer.indexOf("/"))}/*`;
  for (const type of [offer, family, "*/*"]) {
    const range = ranges.find((each) => each.type === type);
    if (range !== undefined) {
      return range.quality;
    }
  }
  return 0;
}
