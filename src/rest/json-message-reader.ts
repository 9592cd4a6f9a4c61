import { create, type DescField, type DescMessage, type Registry, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { enumJson } from "./json-enum.ts";
import { type JsonReader, type JsonReading, leftOut, malformed } from "./json-reading.ts";
import { scalarJson } from "./json-scalar.ts";
import { heldJson, isHeldAsJson, isWellKnown, wellKnownJson } from "./json-well-known.ts";
import { setOwn } from "./set-own.ts";

/** Readers of messages and of the values of fields. */
export interface MessageReaders {
  /** @param without Top-level fields whose members are ignored. */
  message(desc: DescMessage, without?: ReadonlySet<DescField>): JsonReader;
  field(field: DescField): JsonReader;
}

/** protobuf's own limit, which keeps recursion far from the end of the stack. */
const maxDepth = 100;

type Properties = Record<string, unknown>;

/** A member of a message's JSON: how its value is read and where in the message it goes. */
interface Member {
  readonly name: string;
  readonly read: JsonReader;
  /** Whether null is a value of the field and not its absence. */
  readonly takesNull: boolean;
  readonly localName: string;
  /** The group that the field belongs to, where it does. */
  readonly oneof: string | undefined;
}

/** Readers in restJson1 spelling; see createJsonCodecs(). Each message type is compiled once, also a recursive one. */
export function createMessageReaders(registry: Registry | undefined): MessageReaders {
  const compiled = new Map<DescMessage, JsonReader>();

  function message(desc: DescMessage, without?: ReadonlySet<DescField>): JsonReader {
    if (isWellKnown(desc)) {
      return isWrapperDesc(desc) ? wrapperReader(desc) : wellKnownJson(desc, registry).read;
    }
    const known = without === undefined ? compiled.get(desc) : undefined;
    if (known !== undefined) {
      return known;
    }
    const members = new Map<string, Member>();
    const read = messageReader(desc, members);
    if (without === undefined) {
      // Put here before its members are compiled, so that a message that holds itself finds this reader.
      compiled.set(desc, read);
    }
    for (const each of desc.fields.filter((one) => without?.has(one) !== true)) {
      members.set(each.jsonName, memberOf(each, field(each)));
    }
    return read;
  }

  function field(desc: DescField): JsonReader {
    switch (desc.fieldKind) {
      case "list":
        return listReader(element(desc), takesNull(desc), desc.listKind === "enum");
      case "map":
        return mapReader(desc.mapKey, element(desc), takesNull(desc));
      case "message":
        return isBareWrapper(desc) ? scalarOf(desc.message) : element(desc);
      default:
        return element(desc);
    }
  }

  function element(desc: DescField): JsonReader {
    if (desc.message !== undefined) {
      return isHeldAsJson(desc.message) ? heldJson.read : message(desc.message);
    }
    if (desc.enum !== undefined) {
      return enumJson(desc.enum).read;
    }
    return scalarJson(desc.scalar, "longAsString" in desc && desc.longAsString).read;
  }

  return { message, field };
}

/** Whether a field holds a wrapper's value itself: all that hold a wrapper do, but those in a oneof. */
function isBareWrapper(field: DescField): boolean {
  return field.message !== undefined && field.oneof === undefined && isWrapperDesc(field.message);
}

function messageReader(desc: DescMessage, members: ReadonlyMap<string, Member>): JsonReader {
  return (json, reading) => {
    if (!isObject(json)) {
      return reading.fail("a JSON object");
    }
    if (reading.depth === maxDepth) {
      return reading.fail(`nested at most ${maxDepth} deep`);
    }
    reading.depth += 1;
    const message: Properties = create(desc);
    for (const key of Object.keys(json)) {
      const member = members.get(key);
      if (member !== undefined && !readMember(message, member, json[key], reading)) {
        return reading.failedIn(key);
      }
    }
    reading.depth -= 1;
    return message;
  };
}

function readMember(message: Properties, member: Member, json: unknown, reading: JsonReading): boolean {
  if (json === null && !member.takesNull) {
    return true;
  }
  const { faults } = reading;
  const faultsBefore = faults.length;
  const value = member.read(json, reading);
  if (faults.length > faultsBefore) {
    reading.faultsInField(faultsBefore, member.name);
  }
  if (value === malformed) {
    return false;
  }
  if (value !== leftOut) {
    return assign(message, member, value, reading);
  }
  return true;
}

function assign(message: Properties, { localName, oneof }: Member, value: unknown, reading: JsonReading): boolean {
  if (oneof === undefined) {
    message[localName] = value;
    return true;
  }
  if ((message[oneof] as { case?: string }).case !== undefined) {
    reading.fail("absent, as another member of the same union is there");
    return false;
  }
  message[oneof] = { case: localName, value };
  return true;
}

function listReader(read: JsonReader, elementTakesNull: boolean, ofEnums: boolean): JsonReader {
  return (json, reading) => {
    if (!Array.isArray(json)) {
      return reading.fail("a JSON array");
    }
    const values: unknown[] = [];
    for (const [index, element] of json.entries()) {
      const faultsBefore = reading.faults.length;
      const value = readElement(read, element, elementTakesNull, reading);
      if (reading.faults.length > faultsBefore) {
        reading.faultsInElement(faultsBefore, index);
      }
      if (value === malformed) {
        return reading.failedIn(index);
      }
      // A place is kept for what is left out, so that faults behind it name the right index.
      values.push(value === leftOut && ofEnums ? 0 : value);
    }
    return values;
  };
}

function mapReader(keyType: ScalarType, read: JsonReader, valueTakesNull: boolean): JsonReader {
  const isKey = keyCheck(keyType);
  return (json, reading) => {
    if (!isObject(json)) {
      return reading.fail("a JSON object");
    }
    const values: Properties = {};
    for (const key of Object.keys(json)) {
      const faultsBefore = reading.faults.length;
      const value = isKey(key, reading) ? readElement(read, json[key], valueTakesNull, reading) : malformed;
      if (reading.faults.length > faultsBefore) {
        reading.faultsInElement(faultsBefore, key);
      }
      if (value === malformed) {
        return reading.failedIn(key);
      }
      if (value !== leftOut) {
        setOwn(values, key, value);
      }
    }
    return values;
  };
}

function readElement(read: JsonReader, json: unknown, takesNull: boolean, reading: JsonReading): unknown {
  return json === null && !takesNull ? reading.fail("other than null") : read(json, reading);
}

/** Keys are strings in JSON whatever their type, so each is checked as the JSON value that it spells. */
function keyCheck(type: ScalarType): (key: string, reading: JsonReading) => boolean {
  if (type === ScalarType.BOOL) {
    return (key, reading) =>
      key === "true" || key === "false" || reading.fail("under the key true or false") !== malformed;
  }
  const { read } = scalarJson(type, true);
  if (type === ScalarType.STRING) {
    return (key, reading) => read(key, reading) !== malformed;
  }
  return (key, reading) => read(String(Number(key)) === key ? Number(key) : key, reading) !== malformed;
}

function memberOf(field: DescField, read: JsonReader): Member {
  const isContainer = field.fieldKind === "list" || field.fieldKind === "map";
  return {
    name: field.name,
    read,
    takesNull: !isContainer && takesNull(field),
    localName: field.localName,
    oneof: field.oneof?.localName,
  };
}

/** Whether null is a value of the field's type: of the two types that can hold one. */
function takesNull(field: DescField): boolean {
  return field.message?.typeName === "google.protobuf.Value" || field.enum?.typeName === "google.protobuf.NullValue";
}

function wrapperReader(desc: DescMessage): JsonReader {
  const read = scalarOf(desc);
  return (json, reading) => {
    const value = read(json, reading);
    return value === malformed ? value : create(desc, { value } as Record<string, unknown>);
  };
}

function scalarOf(wrapper: DescMessage): JsonReader {
  const [value] = wrapper.fields;
  return scalarJson(value?.scalar ?? ScalarType.STRING, false).read;
}

function isObject(json: unknown): json is Properties {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
