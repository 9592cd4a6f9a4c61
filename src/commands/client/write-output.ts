import { once } from "node:events";

/** Writes to standard output, no faster than it is read. */
export async function writeOutput(text: string): Promise<void> {
  if (!process.stdout.write(text)) {
    await once(process.stdout, "drain");
  }
}

/** Ends the process in silence when nobody reads its output any more, as in `watch-cis-sessions | head -n 1`. */
export function endWithReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") {
      throw error;
    }
    process.exit(0);
  });
}
