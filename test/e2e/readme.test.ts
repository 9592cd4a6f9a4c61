import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { startGateway } from "../support/gateway-process.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

/** The commands of the README's console blocks, each with the output that is shown under it. */
function shownCommands(): readonly { readonly command: string; readonly output: string }[] {
  const blocks = readFileSync(join(root, "README.md"), "utf8").matchAll(/```console\n([\s\S]*?)```/g);
  return [...blocks]
    .flatMap(([, block = ""]) => block.split(/^\$ /m).slice(1))
    .map((text) => {
      const [command = "", ...output] = text.split("\n");
      return { command, output: output.join("\n").trim() };
    });
}

/** What is another at every run: times, ids, the way that curl ends its lines, and the spaces that buf varies. */
function normalize(output: string): string {
  return output
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "(time)")
    .replaceAll(/Date: .*/g, "Date: (date)")
    .replaceAll(/X-Amzn-RequestId: .*/g, "X-Amzn-RequestId: (id)")
    .replaceAll(/[\w-]{22}(?=")/g, "(session)")
    .replaceAll("\r", "")
    .replaceAll(/": +/g, '": ')
    .trim();
}

const hasCurl = await run("curl", ["--version"]).then(
  () => true,
  () => false,
);

test.skipIf(!hasCurl)(
  "the README's commands answer what the README shows (skipped where there is no curl)",
  async () => {
    const gateway = await startGateway(["--store", "sqlite::memory:"]);
    const commands = shownCommands().filter(({ command }) => !command.startsWith("npm "));
    expect(commands.length).toBeGreaterThan(4);
    const environment = { ...process.env, SESSION_GATEWAY_ENDPOINT: gateway.url, SESSION_ID: "" };
    for (const { command, output } of commands) {
      const { stdout } = await run("sh", ["-c", commandHere(command, gateway.url)], { cwd: root, env: environment });
      expect({ command, output: normalize(stdout) }).toEqual({ command, output: normalize(output) });
      const sessionId = /"sessionId": "(.+)"/.exec(stdout)?.[1];
      if (sessionId !== undefined) {
        environment.SESSION_ID = sessionId;
        // "And a second later", says the README.
        await new Promise((resolve) => setTimeout(resolve, 1300));
      }
    }
  },
);

/** The command as it is run in the checkout, against the gateway of the test. */
function commandHere(command: string, url: string): string {
  return command
    .replaceAll("http://127.0.0.1:8080", url)
    .replace(/^curl/, "curl -s")
    .replace(/^npx session-gateway/, `${process.execPath} bin/session-gateway.mjs`)
    .replace(/^npx /, "node_modules/.bin/");
}
