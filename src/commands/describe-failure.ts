/** How many causes of causes are told. */
const mostCauses = 8;

/** The primary result codes of SQLite by their number, from 1 (https://www.sqlite.org/rescode.html). */
const sqliteCodes = (
  "ERROR INTERNAL PERM ABORT BUSY LOCKED NOMEM READONLY INTERRUPT IOERR CORRUPT NOTFOUND FULL CANTOPEN PROTOCOL EMPTY " +
  "SCHEMA TOOBIG CONSTRAINT MISMATCH MISUSE NOLFS AUTH FORMAT RANGE NOTADB NOTICE WARNING"
).split(" ");

/**
 * What failed and why, in one line for the operator: the message of an error, then those of its causes, each with the
 * code of the system or of the database where its message does not say it. Shows no stack.
 */
export function describeFailure(error: unknown): string {
  const texts: string[] = [];
  for (let cause = error; cause !== undefined && texts.length <= mostCauses; cause = causeOf(cause)) {
    texts.push(describeOne(cause));
  }
  // A sentence that is followed by its cause does not end there.
  return texts.map((text, index) => (index < texts.length - 1 ? text.replace(/\.$/, "") : text)).join(": ");
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

function describeOne(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const code = codeOf(error);
  return code === undefined || error.message.includes(code) ? error.message : `${error.message} (${code})`;
}

function codeOf(error: Error): string | undefined {
  if ("errcode" in error && typeof error.errcode === "number") {
    const name = sqliteCodes[(error.errcode & 0xff) - 1];
    return name === undefined ? `SQLite error ${error.errcode}` : `SQLITE_${name}`;
  }
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}
