import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { Option } from "commander";
import { elementType, fieldType, isEmptyStructure } from "./field-type.ts";
import { kebabCase } from "./kebab-case.ts";

/** The flag by which a field of a request is given. */
export interface FieldFlag {
  readonly field: DescField;
  /** Such as `--scan-job-id`. */
  readonly name: string;
  /** What commander is to know: two options for a boolean, one for anything else. */
  readonly options: readonly [Option, ...Option[]];
}

/** A flag for each field of a request. */
export function fieldFlags({ fields }: DescMessage): readonly FieldFlag[] {
  return fields.map((field) => {
    const name = `--${kebabCase(field.name)}`;
    return { field, name, options: optionsOf(field, name) };
  });
}

function optionsOf(field: DescField, name: string): FieldFlag["options"] {
  if (fieldType(field) === "boolean") {
    return [new Option(name), new Option(name.replace("--", "--no-"))];
  }
  switch (field.fieldKind) {
    case "list":
      return [new Option(`${name} <${elementType(field)}...>`)];
    case "map":
      return [new Option(`${name} <map>`)];
    default:
      return [new Option(isEmptyStructure(field) ? name : `${name} <${elementType(field)}>`)];
  }
}
