import type { Parsed } from "./parsed.ts";
import type { PathTemplate, TemplateSegment, TemplateVariable } from "./path-template.ts";

/**
 * The percent-encoded path of a template with a value for each of its variables, in order: what the server's router
 * takes apart again. An error says which variable has a value that its pattern does not allow.
 */
export function buildPath(template: PathTemplate, values: readonly string[]): Parsed<string> {
  const parts: string[] = [];
  let index = 0;
  for (const [at, variable] of template.variables.entries()) {
    parts.push(...literalsOf(template.segments.slice(index, variable.start)));
    const value = encodeVariable(variable, template.segments.slice(variable.start, variable.end), values[at] ?? "");
    if (value === undefined) {
      return { error: `the value of '${variable.fieldPath}' does not fit the path ${template.text}` };
    }
    parts.push(...value);
    index = variable.end;
  }
  const rest = template.segments.slice(index);
  if (template.segments.some((segment, at) => segment.kind !== "literal" && !isCaptured(template, at))) {
    return { error: `the path ${template.text} has a wildcard that no variable names` };
  }
  parts.push(...literalsOf(rest));
  return { value: `/${parts.join("/")}${template.verb === undefined ? "" : `:${template.verb}`}` };
}

function isCaptured(template: PathTemplate, at: number): boolean {
  return template.variables.some(({ start, end }) => start <= at && at < end);
}

function literalsOf(segments: readonly TemplateSegment[]): string[] {
  return segments.map((segment) => (segment.kind === "literal" ? segment.text : ""));
}

function encodeVariable(
  variable: TemplateVariable,
  pattern: readonly TemplateSegment[],
  value: string,
): readonly string[] | undefined {
  if (!value.isWellFormed()) {
    return undefined;
  }
  if (!variable.multiSegment) {
    const encoded = encodeSegment(value);
    return fits(pattern, [encoded]) ? [encoded] : undefined;
  }
  const segments = value === "" ? [] : value.split("/").map(encodeSegmentOfMany);
  return fits(pattern, segments) ? segments : undefined;
}

function fits(pattern: readonly TemplateSegment[], segments: readonly string[]): boolean {
  const open = pattern.at(-1)?.kind === "remaining";
  const fixed = open ? pattern.slice(0, -1) : pattern;
  return (
    !segments.includes("") &&
    (open ? segments.length >= fixed.length : segments.length === fixed.length) &&
    fixed.every((segment, at) => segment.kind !== "literal" || segment.text === segments[at])
  );
}

/** encodeURIComponent() leaves five characters alone that RFC 3986 reserves. */
function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** In a value of several segments, `%2F` is a slash inside a segment already. */
function encodeSegmentOfMany(text: string): string {
  return text
    .split(/(%2F)/i)
    .map((part, index) => (index % 2 === 1 ? part : encodeSegment(part)))
    .join("");
}
