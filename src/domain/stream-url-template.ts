/** What a stream's URL is made of. */
export interface StreamUrlParts {
  readonly studioId: string;
  readonly sessionId: string;
  readonly streamId: string;
}

/** Makes the URL of a stream. */
export type StreamUrlTemplate = (parts: StreamUrlParts) => string;

/** The placeholders, in the spelling of the documented members and in that of the proto fields. */
const placeholders: ReadonlyMap<string, keyof StreamUrlParts> = new Map([
  ["studioId", "studioId"],
  ["sessionId", "sessionId"],
  ["streamId", "streamId"],
  ["studio_id", "studioId"],
  ["session_id", "sessionId"],
  ["stream_id", "streamId"],
]);

/**
 * Compiles a template such as `https://stream.example.com/{sessionId}/{streamId}`. What stands for a placeholder is
 * percent-encoded.
 *
 * @returns The template, or what is wrong with the text.
 */
export function compileStreamUrlTemplate(text: string): { value: StreamUrlTemplate } | { problem: string } {
  const unknown = [...text.matchAll(/\{([^{}]*)\}/g)].find(([, name]) => !placeholders.has(name ?? ""));
  if (unknown !== undefined) {
    return { problem: `has the placeholder ${unknown[0]}, which is none of {studioId}, {sessionId}, {streamId}` };
  }
  const template: StreamUrlTemplate = (parts) =>
    text.replaceAll(/\{([^{}]*)\}/g, (_, name: string) =>
      encodeURIComponent(parts[placeholders.get(name) ?? "streamId"]),
    );
  return URL.canParse(template({ studioId: "studio", sessionId: "session", streamId: "stream" }))
    ? { value: template }
    : { problem: "does not make a URL" };
}
