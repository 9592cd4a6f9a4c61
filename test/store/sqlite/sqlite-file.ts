import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** Names of files that do not exist yet, in a folder that is removed after the tests of the file that calls this. */
export function sqliteFiles(): () => string {
  const folder = mkdtempSync(join(tmpdir(), "sqlite-"));
  let count = 0;
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  return () => join(folder, `${++count}.db`);
}
