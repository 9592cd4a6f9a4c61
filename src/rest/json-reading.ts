import type { FieldFault } from "../domain/errors.ts";
import { joinFieldPath } from "./field-fault.ts";

/** What a reader returns for JSON of the wrong shape, after it has said so to the JsonReading. */
export const malformed = Symbol("malformed");

/** What a reader returns for a value to be left out of the message, after it has reported a fault. */
export const leftOut = Symbol("left out");

/** Reads one JSON value into the form that a field of a message holds. */
export type JsonReader = (json: unknown, reading: JsonReading) => unknown;

/** Faults past this many are not kept: nobody reads them, and a hostile body could hold one per few bytes. */
const maxFaults = 100;

/** Keys of a client's map that appear in paths are cut to this many characters. */
const maxShownKey = 64;

/** Which value has the wrong shape, and the right one. It never shows the value. */
export interface JsonFailure {
  /** The JSON pointer (RFC 6901) of the value; "" is the whole. */
  readonly path: string;
  /** What the value must be, to follow "must be". */
  readonly expected: string;
}

interface PartialFault extends FieldFault {
  field: string;
}

/**
 * The state of reading one JSON document. Paths are put together on the way back from where something was found, so
 * that a document without faults pays nothing for them.
 */
export class JsonReading {
  /** How many messages enclose the value that is being read. */
  depth = 0;
  readonly faults: PartialFault[] = [];
  #path = "";
  #expected = "";

  /** Says what the value should have been. */
  fail(expected: string): typeof malformed {
    this.#path = "";
    this.#expected = expected;
    return malformed;
  }

  /** Adds an enclosing member or index to the path of what failed. */
  failedIn(key: string | number): typeof malformed {
    this.#path = `/${pointerSegment(key)}${this.#path}`;
    return malformed;
  }

  /** What failed. */
  get failure(): JsonFailure {
    return { path: this.#path, expected: this.#expected };
  }

  /** Reports a value that is well spelled and not allowed. */
  fault(description: string, rule: string): typeof leftOut {
    if (this.faults.length < maxFaults) {
      this.faults.push({ field: "", description, rule });
    }
    return leftOut;
  }

  /** Adds an enclosing field to the paths of the faults from `first` on. */
  faultsInField(first: number, name: string): void {
    for (const fault of this.faults.slice(first)) {
      fault.field = joinFieldPath(name, fault.field);
    }
  }

  /** Adds an enclosing list index or map key to the paths of the faults from `first` on. */
  faultsInElement(first: number, key: number | string): void {
    const shown = typeof key === "number" ? key : JSON.stringify(cut(key));
    for (const fault of this.faults.slice(first)) {
      fault.field = joinFieldPath(`[${shown}]`, fault.field);
    }
  }
}

function pointerSegment(key: string | number): string {
  return String(typeof key === "number" ? key : cut(key))
    .replaceAll("~", "~0")
    .replaceAll("/", "~1");
}

function cut(key: string): string {
  return key.length > maxShownKey ? `${key.slice(0, maxShownKey)}…` : key;
}
