import type { FieldFault } from "../domain/errors.ts";

/** The proto path of a field in another: `a` and `b` give `a.b`, `a` and `[0]` give `a[0]`. */
export function joinFieldPath(outer: string, inner: string): string {
  return inner === "" || inner.startsWith("[") ? `${outer}${inner}` : `${outer}.${inner}`;
}

/** The fault with its path continued outwards. */
export function faultInField(outer: string, fault: FieldFault): FieldFault {
  return { ...fault, field: joinFieldPath(outer, fault.field) };
}
