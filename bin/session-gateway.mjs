#!/usr/bin/env node
// Runs the compiled program of the package, or the source where this is a checkout, which has no compiled one to go stale.
import { existsSync } from "node:fs";

const source = new URL("../src/main.ts", import.meta.url);
const compiled = new URL("../dist/main.js", import.meta.url);
await import((existsSync(source) ? source : compiled).href);
