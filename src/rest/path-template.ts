import type { Parsed } from "./parsed.ts";

/** A segment of a template: its own text, `*` (any one segment) or `**` (all that remain, also none). */
export type TemplateSegment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "any" }
  | { readonly kind: "remaining" };

/** A variable of a template and the segments that it captures. */
export interface TemplateVariable {
  /** The field of the request in proto names, with dots between the names of nested fields. */
  readonly fieldPath: string;
  /** The first of the captured segments. */
  readonly start: number;
  /** Behind the last of the captured segments. */
  readonly end: number;
  /** Whether the value may hold more than one segment, so that `/` in it separates segments. */
  readonly multiSegment: boolean;
}

/** A path template of google.api.http. */
export interface PathTemplate {
  readonly text: string;
  readonly segments: readonly TemplateSegment[];
  readonly variables: readonly TemplateVariable[];
  /** What follows the last `:`, without it. */
  readonly verb: string | undefined;
}

/** What a literal may hold: `pchar` of RFC 3986 without `:` and `*`, which the grammar of templates uses. */
const literalPattern = /^(?:[A-Za-z0-9\-._~!$&'()+,;=@]|%[0-9A-Fa-f]{2})+$/;
const fieldPathPattern = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/;

/** Thrown inside this file only, to leave the descent at the first problem. */
class TemplateProblem extends Error {}

/**
 * Parses a path template: `/a/{b}/{c=d/*}/**:verb`.
 *
 * An error says what is wrong and at which position, counted from 0.
 */
export function parsePathTemplate(text: string): Parsed<PathTemplate> {
  try {
    return { value: new TemplateParser(text).parse() };
  } catch (error) {
    if (error instanceof TemplateProblem) {
      return { error: error.message };
    }
    throw error;
  }
}

class TemplateParser {
  readonly #text: string;
  readonly #segments: TemplateSegment[] = [];
  readonly #variables: TemplateVariable[] = [];
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): PathTemplate {
    this.#expect("/", "a path begins with '/'");
    this.#segmentsUntil(":", false);
    const verb = this.#verb();
    return { text: this.#text, segments: this.#segments, variables: this.#variables, verb };
  }

  #segmentsUntil(end: string, inVariable: boolean): void {
    for (;;) {
      this.#segment(inVariable);
      if (this.#peek() === "" || this.#peek() === end) {
        return;
      }
      this.#expect("/", `expected '/', '${end}' or the end`);
    }
  }

  #segment(inVariable: boolean): void {
    if (this.#segments.at(-1)?.kind === "remaining") {
      this.#fail("'**' must be the last segment");
    }
    if (this.#peek() !== "{") {
      this.#plainSegment();
    } else if (inVariable) {
      this.#fail("a variable cannot hold another");
    } else {
      this.#variable();
    }
  }

  #plainSegment(): void {
    const start = this.#position;
    const text = this.#take(/[^/{}:]*/y);
    if (text === "") {
      this.#fail("a segment is empty", start);
    }
    if (text === "*" || text === "**") {
      this.#segments.push({ kind: text === "*" ? "any" : "remaining" });
    } else if (literalPattern.test(text)) {
      this.#segments.push({ kind: "literal", text });
    } else {
      this.#fail(`'${text}' is no literal; other characters than those of a URL path must be percent-encoded`, start);
    }
  }

  #variable(): void {
    this.#position += 1;
    const nameAt = this.#position;
    const fieldPath = this.#take(/[^=}/]*/y);
    if (!fieldPathPattern.test(fieldPath)) {
      this.#fail(`'${fieldPath}' is no field path`, nameAt);
    }
    if (this.#variables.some((variable) => variable.fieldPath === fieldPath)) {
      this.#fail(`the variable '${fieldPath}' is there twice`, nameAt);
    }
    const start = this.#segments.length;
    if (this.#peek() === "=") {
      this.#position += 1;
      this.#segmentsUntil("}", true);
    } else {
      this.#segments.push({ kind: "any" });
    }
    this.#expect("}", "expected '}'");
    const end = this.#segments.length;
    const multiSegment = end - start > 1 || this.#segments[start]?.kind === "remaining";
    this.#variables.push({ fieldPath, start, end, multiSegment });
  }

  #verb(): string | undefined {
    if (this.#peek() === "") {
      return undefined;
    }
    this.#expect(":", "expected ':'");
    const start = this.#position;
    const verb = this.#text.slice(start);
    if (!literalPattern.test(verb)) {
      this.#fail(`'${verb}' is no verb; a verb ends the path and is a literal`, start);
    }
    this.#position = this.#text.length;
    return verb;
  }

  #peek(): string {
    return this.#text.charAt(this.#position);
  }

  /** Takes what a sticky expression matches here. */
  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#position;
    const taken = pattern.exec(this.#text)?.[0] ?? "";
    this.#position += taken.length;
    return taken;
  }

  #expect(character: string, problem: string): void {
    if (this.#peek() !== character) {
      this.#fail(problem);
    }
    this.#position += 1;
  }

  #fail(problem: string, position = this.#position): never {
    throw new TemplateProblem(`${problem} (at ${position})`);
  }
}
