import { GatewayError } from "../../domain/errors.ts";

/** When to come back to a database that cannot do what it was asked, in milliseconds. */
const retryAfterMs = 1000;

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html) that may pass: the disk or another process is in the way. */
const passing: ReadonlySet<number> = new Set([
  3, // PERM
  5, // BUSY
  6, // LOCKED
  7, // NOMEM
  8, // READONLY
  10, // IOERR
  13, // FULL
  14, // CANTOPEN
  15, // PROTOCOL
]);

const busyCode = 5;

/** Says like the driver that the database is busy, where it is with a transaction of this very connection. */
export class SqliteBusyError extends Error {
  override readonly name = "SqliteBusyError";
  readonly errcode = busyCode;
}

/** Whether somebody else is writing just now. */
export function isSqliteBusy(error: unknown): boolean {
  return primaryCode(error) === busyCode;
}

/** What the driver threw, as a failure of the store: with a text that shows no SQL, and the driver's error as the cause. */
export function sqliteFailure(cause: unknown): GatewayError {
  if (cause instanceof GatewayError) {
    return cause;
  }
  const code = primaryCode(cause);
  return code !== undefined && passing.has(code)
    ? new GatewayError("unavailable", "The store cannot be used just now.", { cause, retryAfterMs })
    : new GatewayError("internal", "The store has failed.", { cause });
}

/** The lower 8 bits of the extended code that node:sqlite puts into `errcode`. */
function primaryCode(error: unknown): number | undefined {
  const code = error instanceof Error && "errcode" in error ? error.errcode : undefined;
  return typeof code === "number" ? code & 0xff : undefined;
}
