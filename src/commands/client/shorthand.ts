import type { Parsed } from "./parsed.ts";

/** A value in shorthand: not typed yet, as only the field says what it is. */
export type ShorthandValue =
  | { readonly kind: "text"; readonly text: string }
  /** Given by `key@=`: the text names where the value is loaded from. */
  | { readonly kind: "file"; readonly location: string }
  | { readonly kind: "list"; readonly items: readonly ShorthandValue[] }
  | ShorthandStructure;

export interface ShorthandStructure {
  readonly kind: "structure";
  readonly members: ReadonlyMap<string, ShorthandValue>;
}

/** Thrown inside this file only, to leave the descent at the first problem. */
class ShorthandProblem extends Error {}

const keyPattern = /[^\s=,[\]{}"'@]+/y;
const valuePattern = /(?:\\,|[^,[\]{}"'])(?:\\,|[^,"'\]}])*/y;

/**
 * Parses the shorthand of the AWS command line for a structure or a map:
 *
 * | shorthand | value |
 * |---|---|
 * | `a=1,b=2` | `{"a": "1", "b": "2"}` |
 * | `a=x,y,b=2` | `{"a": ["x", "y"], "b": "2"}` |
 * | `a=[x,y]` | `{"a": ["x", "y"]}` |
 * | `a={b=1,c=[{d=2}]}` | nested |
 * | `a="x, y"`, `a='x, y'`, `a=x\,y` | texts with commas |
 * | `a=` | `{"a": ""}` |
 * | `a@=file://path` | what the file holds |
 *
 * In quotes, a backslash stands before the same quote or another backslash. A problem tells the position, counted from 0.
 */
export function parseShorthand(text: string): Parsed<ShorthandStructure> {
  try {
    return { value: new ShorthandParser(text).parse() };
  } catch (error) {
    if (error instanceof ShorthandProblem) {
      return { problem: error.message };
    }
    throw error;
  }
}

class ShorthandParser {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): ShorthandStructure {
    return this.#members("", () => this.#topValue());
  }

  #members(end: string, readValue: () => ShorthandValue): ShorthandStructure {
    const members = new Map<string, ShorthandValue>();
    for (;;) {
      const keyAt = this.#position;
      const key = this.#key();
      const isFile = this.#takes("@");
      this.#expect("=");
      if (members.has(key)) {
        this.#fail("a key is given twice", keyAt);
      }
      members.set(key, isFile ? this.#location() : readValue());
      if (this.#isAtEnd(end)) {
        return { kind: "structure", members };
      }
      this.#expect(",");
    }
  }

  #key(): string {
    this.#skipSpace();
    const key = this.#isQuote() ? this.#quoted() : this.#take(keyPattern);
    this.#skipSpace();
    return key === "" ? this.#fail("a key is expected") : key;
  }

  #location(): ShorthandValue {
    return { kind: "file", location: this.#textValue() };
  }

  /** A value at the top level, where values behind a comma that have no key of their own belong to the key before. */
  #topValue(): ShorthandValue {
    const first = this.#nested();
    if (first !== undefined) {
      return first;
    }
    const only = this.#scalar();
    const items = [only];
    while (this.#nextIsBareValue()) {
      this.#expect(",");
      items.push(this.#element());
    }
    return items.length === 1 ? only : { kind: "list", items };
  }

  /** Whether a comma and then a value without a key follow. */
  #nextIsBareValue(): boolean {
    const start = this.#position;
    this.#skipSpace();
    let isBare = this.#takes(",");
    if (isBare) {
      this.#skipSpace();
      isBare = this.#position < this.#text.length && !this.#startsKey();
    }
    this.#position = start;
    return isBare;
  }

  #startsKey(): boolean {
    if (this.#isQuote()) {
      this.#quoted();
    } else if (this.#take(keyPattern) === "") {
      return false;
    }
    this.#skipSpace();
    this.#takes("@");
    return this.#takes("=");
  }

  #innerValue(): ShorthandValue {
    return this.#nested() ?? this.#scalar();
  }

  /** A value among others, which must not be left out; an empty text needs quotes. */
  #element(): ShorthandValue {
    const start = this.#position;
    const value = this.#innerValue();
    return this.#position === start ? this.#fail("a value is expected") : value;
  }

  #nested(): ShorthandValue | undefined {
    this.#skipSpace();
    if (this.#takes("[")) {
      return this.#list();
    }
    if (this.#takes("{")) {
      return this.#structure();
    }
    return undefined;
  }

  #list(): ShorthandValue {
    const items: ShorthandValue[] = [];
    this.#skipSpace();
    if (this.#takes("]")) {
      return { kind: "list", items };
    }
    do {
      items.push(this.#element());
      this.#skipSpace();
    } while (this.#takes(","));
    this.#expect("]");
    return { kind: "list", items };
  }

  #structure(): ShorthandStructure {
    this.#skipSpace();
    if (this.#takes("}")) {
      return { kind: "structure", members: new Map() };
    }
    const structure = this.#members("}", () => this.#innerValue());
    this.#expect("}");
    return structure;
  }

  #scalar(): ShorthandValue {
    return { kind: "text", text: this.#textValue() };
  }

  #textValue(): string {
    this.#skipSpace();
    return this.#isQuote() ? this.#quoted() : this.#take(valuePattern).replaceAll("\\,", ",").trimEnd();
  }

  #quoted(): string {
    const quote = this.#text.charAt(this.#position);
    const start = this.#position;
    let value = "";
    for (this.#position += 1; this.#position < this.#text.length; this.#position += 1) {
      const character = this.#text.charAt(this.#position);
      const next = this.#text.charAt(this.#position + 1);
      if (character === quote) {
        this.#position += 1;
        return value;
      }
      const isEscape = character === "\\" && (next === quote || next === "\\");
      this.#position += isEscape ? 1 : 0;
      value += isEscape ? next : character;
    }
    return this.#fail("a quote is not closed", start);
  }

  #isQuote(): boolean {
    const character = this.#text.charAt(this.#position);
    return character === '"' || character === "'";
  }

  #isAtEnd(end: string): boolean {
    this.#skipSpace();
    return this.#text.charAt(this.#position) === end;
  }

  #skipSpace(): void {
    this.#take(/\s*/y);
  }

  #takes(character: string): boolean {
    const isThere = this.#text.charAt(this.#position) === character;
    this.#position += isThere ? 1 : 0;
    return isThere;
  }

  #expect(character: string): void {
    this.#skipSpace();
    if (!this.#takes(character)) {
      this.#fail(`'${character}' is expected`);
    }
  }

  /** Takes what a sticky expression matches here. */
  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#position;
    const taken = pattern.exec(this.#text)?.[0] ?? "";
    this.#position += taken.length;
    return taken;
  }

  #fail(problem: string, position = this.#position): never {
    throw new ShorthandProblem(`${problem} (at ${position})`);
  }
}
