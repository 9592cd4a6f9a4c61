import { readFileSync } from "node:fs";
import { Command } from "commander";

/** Made by `npm run generate` and shipped with the program. */
const image = new URL("../gen/image.binpb", import.meta.url);

/** `descriptors`: the API as a buf image on stdout, for `buf generate` in any language. */
export function descriptorsCommand(): Command {
  return new Command("descriptors")
    .description("write the API to stdout as a buf image: session-gateway descriptors > api.binpb")
    .action(() => {
      process.stdout.write(readFileSync(image));
    });
}
