import { create, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import type { Parsed } from "./parsed.ts";

/** A field of a message, or of a message within it. */
export interface FieldPath {
  /** In proto names, with dots between: `message.session_token`. */
  readonly name: string;
  /** In JSON names, with dots between: `message.sessionToken`. */
  readonly jsonName: string;
  /** The fields that enclose it, the outermost first. */
  readonly parents: readonly DescField[];
  readonly field: DescField;
}

/** Puts a value where a path leads. False where another member of the same oneof is there already. */
export type FieldSetter = (message: object, value: unknown) => boolean;

type Properties = Record<string, unknown>;
type Held = { readonly case?: string | undefined; readonly value?: unknown };

/** The field that dotted proto names lead to. An error says which name leads nowhere. */
export function resolveFieldPath(desc: DescMessage, name: string): Parsed<FieldPath> {
  const parents: DescField[] = [];
  let message: DescMessage | undefined = desc;
  for (const segment of name.split(".")) {
    if (message === undefined) {
      return { error: `'${parents.at(-1)?.name}' in '${name}' is no singular message` };
    }
    const field: DescField | undefined = message.fields.find((each) => each.name === segment);
    if (field === undefined) {
      return { error: `there is no field '${segment}' in ${message.typeName}` };
    }
    parents.push(field);
    message = field.fieldKind === "message" ? field.message : undefined;
  }
  const field = parents.pop();
  return field === undefined ? { error: `'${name}' names no field` } : { value: fieldPath(parents, field) };
}

/** The path of a field within enclosing fields. */
export function fieldPath(parents: readonly DescField[], field: DescField): FieldPath {
  const fields = [...parents, field];
  return {
    name: fields.map((each) => each.name).join("."),
    jsonName: fields.map((each) => each.jsonName).join("."),
    parents,
    field,
  };
}

/** Puts values where a path leads, making the messages on the way. */
export function fieldSetter({ parents, field }: FieldPath): FieldSetter {
  return (message, value) => {
    let target: object | undefined = message;
    for (const parent of parents) {
      target = target && child(target as Properties, parent);
    }
    return target !== undefined && setField(target as Properties, field, value);
  };
}

function child(message: Properties, field: DescField): object | undefined {
  const present = fieldGetter(field)(message);
  if (present !== undefined) {
    return present as object;
  }
  const made = field.message === undefined ? undefined : create(field.message);
  return made !== undefined && setField(message, field, made) ? made : undefined;
}

function setField(message: Properties, { localName, oneof }: DescField, value: unknown): boolean {
  if (oneof === undefined) {
    message[localName] = value;
    return true;
  }
  const { case: present } = message[oneof.localName] as Held;
  if (present !== undefined && present !== localName) {
    return false;
  }
  message[oneof.localName] = { case: localName, value };
  return true;
}

/** Gives what a message holds in a field: undefined where the field has presence and is absent. */
export function fieldGetter({ localName, oneof, presence }: DescField): (message: object) => unknown {
  if (oneof !== undefined) {
    const group = oneof.localName;
    return (message) => {
      const held = (message as Properties)[group] as Held;
      return held.case === localName ? held.value : undefined;
    };
  }
  if (presence === FeatureSet_FieldPresence.IMPLICIT) {
    return (message) => (message as Properties)[localName];
  }
  // The default of an absent field shines through from the prototype.
  return (message) => (Object.hasOwn(message, localName) ? (message as Properties)[localName] : undefined);
}
