import { invalidField } from "../domain/errors.ts";
import { BadPositionError } from "../store/session-store.ts";

/** Reads of the store with a position that came in `field` of the request, where a bad one is that field's fault. */
export async function withPositionField<T>(field: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw asFieldFault(field, error);
  }
}

/** The same for a stream. */
export async function* streamWithPositionField<T>(field: string, events: AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* events;
  } catch (error) {
    throw asFieldFault(field, error);
  }
}

function asFieldFault(field: string, error: unknown): unknown {
  return error instanceof BadPositionError ? invalidField(field, "This value was not given out by this API.") : error;
}
