import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

/** A gateway in a process of its own, as a user starts it. */
export interface GatewayProcess {
  readonly url: string;
  readonly adminUrl: string;
  readonly child: ChildProcess;
  /** Every line of its log so far. */
  readonly lines: readonly string[];
  /** Sends a signal and resolves to how the process ended. */
  end(signal: NodeJS.Signals): Promise<{ readonly status: number | null; readonly signal: string | null }>;
}

const main = new URL("../../src/main.ts", import.meta.url).pathname;

/** Runs a command to its end. */
export async function runCommand(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, ...environment } });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    output.stderr += text;
  });
  const [status] = await once(child, "close");
  return { status, ...output };
}

/** Starts `serve` with flags, on ports that the system gives, and waits for its ready line. Killed when the test has finished. */
export async function startGateway(flags: readonly string[]): Promise<GatewayProcess> {
  const ports = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
  const child = spawn(process.execPath, [main, "serve", ...ports, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const lines: string[] = [];
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const ready = await new Promise<{ url: string; adminUrl: string }>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(line);
      const entry = JSON.parse(line);
      if (entry.msg === "listening") {
        resolve(entry);
      }
    });
    child.once("exit", (status) =>
      reject(new Error(`the gateway ended with ${status} before it was ready: ${stderr}`)),
    );
  });
  return {
    url: ready.url,
    adminUrl: ready.adminUrl,
    child,
    lines,
    async end(signal) {
      const exited = once(child, "exit");
      child.kill(signal);
      const [status, endedBy] = await exited;
      return { status, signal: endedBy };
    },
  };
}
