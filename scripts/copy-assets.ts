/** Puts what the compiled program reads beside it. Run by `npm run build`. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
copyFileSync(join(root, "src/gen/image.binpb"), join(root, "dist/gen/image.binpb"));
