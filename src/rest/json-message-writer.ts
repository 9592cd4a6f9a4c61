import { type DescField, type DescMessage, type Registry, ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence, isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { fieldGetter } from "./field-path.ts";
import { enumJson } from "./json-enum.ts";
import { scalarJson } from "./json-scalar.ts";
import { heldJson, isHeldAsJson, isWellKnown, wellKnownJson } from "./json-well-known.ts";
import { setOwn } from "./set-own.ts";

/** Gives the JSON value of what a message or a field of one holds. */
type JsonWriter = (value: unknown) => unknown;

/** Writers of messages and of the values of fields. */
export interface MessageWriters {
  /** @param without Top-level fields that are not written. */
  message(desc: DescMessage, without?: ReadonlySet<DescField>): JsonWriter;
  field(field: DescField): JsonWriter;
}

type Properties = Record<string, unknown>;
type IsWritten = (value: unknown) => boolean;

/** A member of a message's JSON: which value of the message it shows, whether at all, and how. */
interface Member {
  readonly jsonName: string;
  readonly get: (message: object) => unknown;
  readonly isWritten: IsWritten;
  readonly write: JsonWriter;
}

/** Writers in restJson1 spelling; see createJsonCodecs(). Each message type is compiled once, also a recursive one. */
export function createMessageWriters(registry: Registry | undefined): MessageWriters {
  const compiled = new Map<DescMessage, JsonWriter>();

  function message(desc: DescMessage, without?: ReadonlySet<DescField>): JsonWriter {
    if (isWellKnown(desc)) {
      return wellKnownJson(desc, registry).write;
    }
    const known = without === undefined ? compiled.get(desc) : undefined;
    if (known !== undefined) {
      return known;
    }
    const members: Member[] = [];
    const write = messageWriter(members);
    if (without === undefined) {
      // Put here before its members are compiled, so that a message that holds itself finds this writer.
      compiled.set(desc, write);
    }
    members.push(
      ...desc.fields.filter((each) => without?.has(each) !== true).map((each) => memberOf(each, field(each))),
    );
    return write;
  }

  function field(desc: DescField): JsonWriter {
    switch (desc.fieldKind) {
      case "list":
        return listWriter(element(desc));
      case "map":
        return mapWriter(element(desc));
      case "message":
        // A wrapper outside a oneof is held as the bare value.
        return desc.oneof === undefined && isWrapperDesc(desc.message) ? scalarOf(desc.message) : element(desc);
      default:
        return element(desc);
    }
  }

  function element(desc: DescField): JsonWriter {
    if (desc.message !== undefined) {
      return isHeldAsJson(desc.message) ? heldJson.write : message(desc.message);
    }
    if (desc.enum !== undefined) {
      return enumJson(desc.enum).write;
    }
    return scalarJson(desc.scalar, "longAsString" in desc && desc.longAsString).write;
  }

  return { message, field };
}

function messageWriter(members: readonly Member[]): JsonWriter {
  return (message) => {
    const json: Properties = {};
    for (const { jsonName, get, isWritten, write } of members) {
      const value = get(message as object);
      if (isWritten(value)) {
        setOwn(json, jsonName, write(value));
      }
    }
    return json;
  };
}

function listWriter(write: JsonWriter): JsonWriter {
  return (values) => (values as readonly unknown[]).map(write);
}

function mapWriter(write: JsonWriter): JsonWriter {
  return (values) => {
    const json: Properties = {};
    for (const [key, value] of Object.entries(values as Properties)) {
      setOwn(json, key, write(value));
    }
    return json;
  };
}

function memberOf(field: DescField, write: JsonWriter): Member {
  return { jsonName: field.jsonName, get: fieldGetter(field), isWritten: isWrittenOf(field), write };
}

function isWrittenOf(field: DescField): IsWritten {
  switch (field.fieldKind) {
    case "list":
    case "map":
      // Scripts that go through a list do not look whether it is there; boto3 raises a KeyError where it is not.
      return always;
    case "enum":
      // An enum that says UNSPECIFIED says nothing, with or without presence.
      return field.enum.values[0]?.name.endsWith("UNSPECIFIED") || isImplicit(field) ? isPresentAndNotZero : isPresent;
    case "scalar":
      return isImplicit(field) ? implicitScalarIsWritten(field.scalar) : isPresent;
    default:
      return isPresent;
  }
}

function isImplicit(field: DescField): boolean {
  return field.presence === FeatureSet_FieldPresence.IMPLICIT;
}

const always: IsWritten = () => true;
const isPresent: IsWritten = (value) => value !== undefined;
const isPresentAndNotZero: IsWritten = (value) => value !== undefined && value !== 0;

function implicitScalarIsWritten(type: ScalarType): IsWritten {
  switch (type) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return (value) => (value as string | Uint8Array).length > 0;
    default:
      return isPresent;
  }
}

function scalarOf(wrapper: DescMessage): JsonWriter {
  const [value] = wrapper.fields;
  return scalarJson(value?.scalar ?? ScalarType.STRING, false).write;
}
