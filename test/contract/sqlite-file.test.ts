import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { openStore } from "../../src/store/open-store.ts";
import { describeSessionStore } from "./session-store.contract.ts";

const folder = mkdtempSync(join(tmpdir(), "session-store-"));
let fileCount = 0;

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describeSessionStore("SQLite in a file", {
  open: () => openStore(`sqlite:${join(folder, `${++fileCount}.db`)}`),
  reopen: () => openStore(`sqlite:${join(folder, `${fileCount}.db`)}`),
});
