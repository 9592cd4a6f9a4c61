import type { DescMessage } from "@bufbuild/protobuf";
import { Document, isMap, isScalar, isSeq, type Node, stringify, type YAMLMap } from "yaml";
import { fieldLimits } from "./field-limits.ts";
import { fieldType } from "./field-type.ts";
import { inputSkeleton } from "./skeleton.ts";

/** A request to fill in, as YAML with the type and the limits of each member beside it. */
export function yamlSkeleton(desc: DescMessage): string {
  if (desc.fields.length === 0) {
    return stringify({});
  }
  const document = new Document(inputSkeleton(desc));
  annotate(desc, document.contents);
  return document.toString({ lineWidth: 0 });
}

function annotate(desc: DescMessage, node: Node | null): void {
  if (!isMap(node)) {
    return;
  }
  for (const { key, value } of (node as YAMLMap).items) {
    const field = desc.fields.find(({ jsonName }) => isScalar(key) && key.value === jsonName);
    if (field === undefined) {
      continue;
    }
    const note = ` ${[fieldType(field), ...fieldLimits(field)].join("; ")}`;
    if (isScalar(value)) {
      value.comment = note;
    } else if (isScalar(key)) {
      key.commentBefore = note;
    }
    if (field.message !== undefined) {
      annotate(field.message, isSeq(value) ? (value.items[0] as Node) : (value as Node));
    }
  }
}
