import type { GenEnum } from "@bufbuild/protobuf/codegenv2";

/**
 * Reads a value of the configuration file. What is wrong with it goes to `problems`, a sentence each, which names the value by its
 * dotted path.
 *
 * @returns The value, or undefined where there is none or it is wrong.
 */
export type Reader<Value> = (value: unknown, path: string, problems: string[]) => Value | undefined;

/** A whole number within limits. */
export function integer(least: number, most: number): Reader<number> {
  return expect(
    (value) => typeof value === "number" && Number.isInteger(value) && value >= least && value <= most,
    `a whole number from ${least} to ${most}`,
  );
}

/** A text that a pattern matches. */
export function text(pattern: RegExp, expected: string): Reader<string> {
  return expect((value) => typeof value === "string" && pattern.test(value), expected);
}

/** One of several words. */
export function word(words: readonly string[]): Reader<string> {
  return expect((value) => typeof value === "string" && words.includes(value), `one of ${words.join(", ")}`);
}

/** A value of an enum by its bare name. */
export function enumValue<Value extends number>(desc: GenEnum<Value>): Reader<Value> {
  const numbers = new Map(
    desc.values.filter(({ number }) => number !== 0).map((each) => [each.localName, each.number as Value]),
  );
  const read = word([...numbers.keys()]);
  return (value, path, problems) => numbers.get(read(value, path, problems) ?? "");
}

/** A list of values of which each is read alike. */
export function list<Value>(read: Reader<Value>, mostItems: number): Reader<Value[]> {
  const isList = expect<unknown[]>(
    (value) => Array.isArray(value) && value.length >= 1 && value.length <= mostItems,
    `a list of 1 to ${mostItems}`,
  );
  return (value, path, problems) =>
    isList(value, path, problems)?.flatMap((item, index) => read(item, `${path}.${index}`, problems) ?? []);
}

/** A mapping with these members, each of which may be absent. */
export function mapping<Readers extends Readonly<Record<string, Reader<unknown>>>>(
  readers: Readers,
): Reader<{ [Name in keyof Readers]?: Exclude<ReturnType<Readers[Name]>, undefined> }> {
  return (value, path, problems) => {
    const found: Record<string, unknown> = {};
    for (const [name, member] of entriesOf(value, path, problems)) {
      const read = Object.hasOwn(readers, name) ? readers[name] : undefined;
      if (read === undefined) {
        problems.push(`${path}.${name} in the configuration file is not a setting`);
        continue;
      }
      const result = read(member, `${path}.${name}`, problems);
      if (result !== undefined) {
        found[name] = result;
      }
    }
    // Each member was read by the reader of its name.
    return found as { [Name in keyof Readers]?: Exclude<ReturnType<Readers[Name]>, undefined> };
  };
}

/** The members of a mapping. What is none has no members and is a problem. */
export function entriesOf(value: unknown, path: string, problems: string[]): readonly [string, unknown][] {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.entries(value);
  }
  problems.push(`${path} in the configuration file is not a mapping`);
  return [];
}

function expect<Value>(isRight: (value: unknown) => boolean, expected: string): Reader<Value> {
  return (value, path, problems) => {
    if (isRight(value)) {
      return value as Value;
    }
    problems.push(`${path} in the configuration file is not ${expected}`);
    return undefined;
  };
}
