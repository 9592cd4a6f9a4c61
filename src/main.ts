import { enableCompileCache } from "node:module";

// The modules are compiled once per machine, not once per command.
enableCompileCache();

const { createProgram } = await import("./commands/program.ts");
await createProgram().parseAsync();
