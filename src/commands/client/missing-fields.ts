import { type DescField, type DescMessage, type DescOneof, isFieldSet, type MessageShape } from "@bufbuild/protobuf";
import { fieldGetter } from "../../rest/field-path.ts";
import { isOneofRequired, isRequired } from "./field-limits.ts";
import { isStructure } from "./field-type.ts";

type AnyMessage = MessageShape<DescMessage>;

/**
 * All fields that a message must have and lacks, also in messages within it. Each is its proto path, or those of several
 * where one of them is enough.
 */
export function missingFields(desc: DescMessage, message: AnyMessage, path = ""): readonly (readonly string[])[] {
  return [...missingMembers(desc, message, path), ...missingOneofs(desc, message, path)];
}

function missingOneofs({ oneofs }: DescMessage, message: AnyMessage, path: string) {
  const isMissing = (oneof: DescOneof) =>
    isOneofRequired(oneof) && !oneof.fields.some((field) => isFieldSet(message, field));
  return oneofs.filter(isMissing).map(({ fields }) => fields.map(({ name }) => join(path, name)));
}

function missingMembers(desc: DescMessage, message: AnyMessage, path: string): readonly (readonly string[])[] {
  return desc.fields.flatMap((field) => {
    const fieldPath = join(path, field.name);
    if (!isFieldSet(message, field)) {
      return isRequired(field) ? [[fieldPath]] : [];
    }
    return missingWithin(field, fieldGetter(field)(message), fieldPath);
  });
}

function missingWithin(field: DescField, value: unknown, path: string): readonly (readonly string[])[] {
  const desc = field.message;
  if (desc === undefined || !isStructure(field)) {
    return [];
  }
  if (field.fieldKind === "message") {
    return missingFields(desc, value as AnyMessage, path);
  }
  const keyOf = (key: string) => (field.fieldKind === "list" ? key : JSON.stringify(key));
  return Object.entries(value as Readonly<Record<string, AnyMessage>>).flatMap(([key, element]) =>
    missingFields(desc, element, `${path}[${keyOf(key)}]`),
  );
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
