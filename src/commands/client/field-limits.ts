import { type DescEnumValue, type DescField, type DescOneof, getOption, hasOption } from "@bufbuild/protobuf";
import {
  type FieldRules,
  field as fieldRules,
  Ignore,
  oneof as oneofRules,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";

/** Whether a request must have the field. */
export function isRequired(field: DescField): boolean {
  const rules = rulesOf(field);
  return rules?.required === true && rules.ignore !== Ignore.ALWAYS;
}

/** Whether a request must have one of the fields of a oneof. */
export function isOneofRequired(oneof: DescOneof): boolean {
  return hasOption(oneof, oneofRules) && getOption(oneof, oneofRules).required;
}

/** The bare names of the values that a caller may give for an enum field, or for each element of it. */
export function enumNames(field: DescField): readonly string[] {
  const { values = [], sharedPrefix = "" } = field.enum ?? {};
  const isAllowed = enumFilter(rulesOf(field));
  return values
    .filter(isAllowed)
    .map(({ name, jsonName }) => (jsonName === name ? name.slice(sharedPrefix.length) : jsonName));
}

/** A zero value named UNSPECIFIED is none that a caller may give. */
function enumFilter(rules: FieldRules | undefined): (value: DescEnumValue) => boolean {
  const own = rules?.type.case === "repeated" ? rules.type.value.items : rules;
  const enumRules = own?.type.case === "enum" ? own.type.value : undefined;
  const only = enumRules?.in ?? [];
  return ({ name, number }) =>
    (number !== 0 || !name.endsWith("UNSPECIFIED")) &&
    (only.length === 0 || only.includes(number)) &&
    enumRules?.notIn.includes(number) !== true;
}

/** The limits of a field by its buf.validate rules, one text each: `required`, `1 to 500 characters`. */
export function fieldLimits(field: DescField): readonly string[] {
  const rules = rulesOf(field);
  return [
    ...(isRequired(field) ? ["required"] : []),
    ...namesOf(field),
    ...(rules === undefined ? [] : limitsOf(rules)),
  ];
}

function rulesOf(field: DescField): FieldRules | undefined {
  return hasOption(field, fieldRules) ? getOption(field, fieldRules) : undefined;
}

function namesOf(field: DescField): string[] {
  return field.enum === undefined ? [] : [`one of ${enumNames(field).join(", ")}`];
}

function limitsOf(rules: FieldRules): readonly string[] {
  const { case: kind, value } = rules.type;
  switch (kind) {
    case undefined:
      return [];
    case "string":
      return [
        ...range(value.minLen, value.maxLen, "characters", value.len),
        ...pattern(value.pattern),
        ...words(value.in),
      ];
    case "bytes":
      return [...range(value.minLen, value.maxLen, "bytes", value.len), ...pattern(value.pattern)];
    case "repeated": {
      const items = value.items === undefined ? [] : limitsOf(value.items);
      return [...range(value.minItems, value.maxItems, "values"), ...items.map((limit) => `each ${limit}`)];
    }
    case "map": {
      const keys = value.keys === undefined ? [] : limitsOf(value.keys);
      const values = value.values === undefined ? [] : limitsOf(value.values);
      const pairs = range(value.minPairs, value.maxPairs, "pairs");
      return [...pairs, ...keys.map((limit) => `keys ${limit}`), ...values.map((limit) => `values ${limit}`)];
    }
    default:
      return numberLimits(value);
  }
}

/** The rules of every numeric type have the same members. */
function numberLimits(rules: object): readonly string[] {
  const { greaterThan, lessThan } = rules as Record<string, { case?: string; value?: unknown } | undefined>;
  const isNumeric = typeof greaterThan?.value !== "object" && typeof lessThan?.value !== "object";
  if (!isNumeric) {
    return [];
  }
  if (greaterThan?.case === "gte" && lessThan?.case === "lte") {
    return [`${greaterThan.value} to ${lessThan.value}`];
  }
  return [
    ...(greaterThan?.case === "gte" ? [`at least ${greaterThan.value}`] : []),
    ...(greaterThan?.case === "gt" ? [`more than ${greaterThan.value}`] : []),
    ...(lessThan?.case === "lte" ? [`at most ${lessThan.value}`] : []),
    ...(lessThan?.case === "lt" ? [`less than ${lessThan.value}`] : []),
  ];
}

/** Rules have 0 where they say nothing. */
function range(min: bigint, max: bigint, unit: string, exact = 0n): readonly string[] {
  if (exact > 0n) {
    return [`${exact} ${unit}`];
  }
  if (min > 0n && max > 0n) {
    return [`${min} to ${max} ${unit}`];
  }
  return [...(min > 0n ? [`at least ${min} ${unit}`] : []), ...(max > 0n ? [`at most ${max} ${unit}`] : [])];
}

function pattern(text: string): readonly string[] {
  return text === "" ? [] : [`pattern ${text}`];
}

function words(texts: readonly string[]): readonly string[] {
  return texts.length === 0 ? [] : [`one of ${texts.join(", ")}`];
}
