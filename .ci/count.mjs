// Prints "N passed, N failed, N skipped" from vitest's JSON report. A run that failed before it tested counts as one failure.
import { readFileSync } from "node:fs";

const [report, status] = process.argv.slice(2);
let counts = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
try {
  counts = JSON.parse(readFileSync(report, "utf8"));
} catch {
  // There is no report: types, lint or the runner itself failed.
}
const failed = Math.max(counts.numFailedTests, status === "0" ? 0 : 1);
process.stdout.write(
  `${counts.numPassedTests} passed, ${failed} failed, ${counts.numPendingTests + counts.numTodoTests} skipped\n`,
);
