import type { DescMessage } from "@bufbuild/protobuf";
import { apiComments } from "./api-comments.ts";
import { fieldLimits } from "./field-limits.ts";
import { fieldType, isStructure } from "./field-type.ts";

const indent = "  ";

/** The members of a message, line by line: name, type, limits, and below it what it is and its own members. */
export function describeShape(desc: DescMessage, depth = 1, enclosing: readonly DescMessage[] = []): readonly string[] {
  if (enclosing.includes(desc)) {
    return [];
  }
  const comments = apiComments();
  return desc.fields.flatMap((field) => [
    ...wrap(`${field.jsonName} (${[fieldType(field), ...fieldLimits(field)].join("; ")})`, depth, depth + 2),
    ...wrap(comments.ofField(field), depth + 1),
    ...(field.message !== undefined && isStructure(field)
      ? describeShape(field.message, depth + 1, [...enclosing, desc])
      : []),
  ]);
}

const lineLength = 100;

/** The text in lines of at most 100 characters, where its words allow it. No line where it is empty. */
function wrap(text: string, depth: number, furtherDepth = depth): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    const margin = indent.repeat(lines.length === 0 ? depth : furtherDepth);
    if (line !== "" && line.length + 1 + word.length > lineLength) {
      lines.push(line);
      line = indent.repeat(furtherDepth) + word;
    } else {
      line = line === "" ? margin + word : `${line} ${word}`;
    }
  }
  return text === "" ? [] : [...lines, line];
}
