import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { CisSessionState } from "../../src/gen/sessiongateway/cis/v1/cis_session_pb.ts";
import { CisSessionService } from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { messages, newAgent, result } from "../support/cis-fixtures.ts";
import { runCommand, startGateway } from "../support/gateway-process.ts";

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "session-gateway-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function clientOf(url: string) {
  return createClient(CisSessionService, createGrpcTransport({ baseUrl: url }));
}

/** Sends a signal to `serve` while it reads its configuration, lets it go on, and resolves to how it ended and what it logged. */
async function signalDuringStart(signal: NodeJS.Signals) {
  const pipe = join(temporaryFolder(), "gateway.yaml");
  execFileSync("mkfifo", [pipe]);
  const main = new URL("../../src/main.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [main, "serve", "--config", pipe], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  const closed = once(child, "close");
  // Opening waits until the other side reads.
  const file = await open(pipe, "w");
  child.kill(signal);
  await file.writeFile("listen: '127.0.0.1:0'\nadminListen: '127.0.0.1:0'\nstore: 'sqlite::memory:'\n").catch(() => {});
  await file.close();
  const [status, endedBy] = await closed;
  const said = stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line).msg]));
  return { status, signal: endedBy, said };
}

describe("serve", () => {
  test("says where it listens, serves, and ends with status 0 on SIGTERM and on SIGINT", async () => {
    const store = `sqlite:${join(temporaryFolder(), "sessions.db")}`;
    const agent = newAgent();
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const gateway = await startGateway(["--store", store]);
      const { scanJobId, sessionToken } = agent;
      await clientOf(gateway.url).startCisSession({ scanJobId, message: { sessionToken } });
      expect(await (await fetch(`${gateway.adminUrl}/healthz`)).text()).toBe("ok\n");
      expect((await fetch(`${gateway.adminUrl}/readyz`)).status).toBe(200);
      expect((await fetch(`${gateway.adminUrl}/nothing`)).status).toBe(404);
      expect(await gateway.end(signal)).toEqual({ status: 0, signal: null });
      const entries = gateway.lines.map((line) => JSON.parse(line));
      expect(entries.map(({ msg }) => msg)).toEqual(["listening", "call", "draining", "stopped"]);
    }
  });

  test("a signal during the start lets it finish, then drains", async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const ended = await signalDuringStart(signal);
      expect(ended).toEqual({ status: 0, signal: null, said: ["listening", "draining", "stopped"] });
    }
  });

  test("a second signal ends it at once, with status 1, whatever it waits for", async () => {
    const gateway = await startGateway(["--store", "sqlite::memory:", "--drain-timeout", "1h"]);
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1").on("error", () => {});
    socket.write("PUT /cissession/start HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n{");
    await once(socket, "data");
    const ended = once(gateway.child, "exit");
    gateway.child.kill("SIGTERM");
    await vi.waitFor(() => expect(gateway.lines.join()).toContain("draining"), { timeout: 10_000 });
    gateway.child.kill("SIGINT");
    expect(await ended).toEqual([1, null]);
    socket.destroy();
  });

  test("keeps what it acknowledged when it is killed", async () => {
    const store = `sqlite:${join(temporaryFolder(), "sessions.db")}`;
    const before = await startGateway(["--store", store, "--log-level", "warn"]);
    const acknowledged: string[] = [];
    const client = clientOf(before.url);
    const liveUntilKilled = async () => {
      for (;;) {
        const agent = newAgent();
        await client.startCisSession({ scanJobId: agent.scanJobId, message: { sessionToken: agent.sessionToken } });
        await client.sendCisSessionTelemetry({ ...agent, messages: messages(0, 3) });
        await client.stopCisSession({ ...agent, message: result });
        acknowledged.push(agent.scanJobId);
      }
    };
    const settled = Promise.allSettled(Array.from({ length: 16 }, liveUntilKilled));
    await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(100), { interval: 1, timeout: 20_000 });
    await before.end("SIGKILL");
    const ends = await settled;
    expect(ends.map(({ status }) => status)).toEqual(ends.map(() => "rejected"));

    const after = await startGateway(["--store", store, "--log-level", "warn"]);
    const reader = clientOf(after.url);
    for (const scanJobId of acknowledged) {
      const { session } = await reader.getCisSession({ scanJobId });
      expect(session).toMatchObject({ state: CisSessionState.STOPPED, received: { totalChecks: 3 } });
    }
  });

  test("marks a session lost when its agent falls silent, also while the gateway was down, and lets it return", async () => {
    const store = `sqlite:${join(temporaryFolder(), "sessions.db")}`;
    const flags = ["--store", store, "--cis-heartbeat-timeout", "1s"];
    const first = await startGateway(flags);
    const { scanJobId, sessionToken } = newAgent();
    await clientOf(first.url).startCisSession({ scanJobId, message: { sessionToken } });
    await first.end("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 1000));

    const client = clientOf((await startGateway(flags)).url);
    const stateIs = async (state: CisSessionState) =>
      expect((await client.getCisSession({ scanJobId })).session?.state).toBe(state);
    await vi.waitFor(() => stateIs(CisSessionState.LOST), { timeout: 3000 });
    await client.sendCisSessionHealth({ scanJobId, sessionToken });
    await stateIs(CisSessionState.STARTED);
    await vi.waitFor(() => stateIs(CisSessionState.LOST), { timeout: 3000 });
    await client.startCisSession({ scanJobId, message: { sessionToken: randomUUID() } });
    expect((await client.getCisSession({ scanJobId })).session?.attempt).toBe(2);
  });

  test("watches end with unavailable when it drains, and resume at the next one by their cursor", async () => {
    const store = `sqlite:${join(temporaryFolder(), "sessions.db")}`;
    const first = await startGateway(["--store", store]);
    const { scanJobId, sessionToken } = newAgent();
    await clientOf(first.url).startCisSession({ scanJobId, message: { sessionToken } });
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { cursor } of clientOf(first.url).watchCisSessions({})) {
        seen.push(cursor);
      }
    })();
    watching.catch(() => {});
    await vi.waitFor(() => expect(seen).toHaveLength(1), { timeout: 10_000 });
    expect(await first.end("SIGTERM")).toEqual({ status: 0, signal: null });
    await expect(watching).rejects.toMatchObject({ code: 14 });

    const second = await startGateway(["--store", store]);
    await clientOf(second.url).stopCisSession({ scanJobId, sessionToken, message: result });
    for await (const { session } of clientOf(second.url).watchCisSessions({ cursor: seen[0] ?? "" })) {
      expect(session?.state).toBe(CisSessionState.STOPPED);
      break;
    }
  });

  test("refuses to start with everything that is wrong, and status 2", async () => {
    const { status, stderr, stdout } = await runCommand(["serve", "--listen", "0.0.0.0", "--store", "mysql:x"], {
      SESSION_GATEWAY_CIS_SCAN_JOBS: "all",
    });
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr.trim().split("\n")).toEqual([
      expect.stringContaining("--listen is not HOST:PORT"),
      expect.stringContaining("--store is neither"),
      expect.stringContaining("SESSION_GATEWAY_CIS_SCAN_JOBS is none of open, registered"),
    ]);
  });

  test("lets nobody in from other machines by accident", async () => {
    const { status, stderr } = await runCommand(["serve", "--listen", "0.0.0.0:0"]);
    expect(status).toBe(2);
    expect(stderr).toContain("--insecure-allow-anonymous");
  });

  test("reads a configuration file", async () => {
    const file = join(temporaryFolder(), "gateway.yaml");
    writeFileSync(file, "store: 'sqlite::memory:'\ncis: { scanJobs: registered }\n");
    const gateway = await startGateway(["--config", file]);
    const { scanJobId, sessionToken } = newAgent();
    const start = clientOf(gateway.url).startCisSession({ scanJobId, message: { sessionToken } });
    await expect(start).rejects.toMatchObject({ code: 7 });
  });

  test("says why it cannot start: an address that is taken, a folder that is none", async () => {
    const { url } = await startGateway(["--store", "sqlite::memory:"]);
    const taken = await runCommand(["serve", "--store", "sqlite::memory:", "--listen", new URL(url).host]);
    expect(taken).toMatchObject({ status: 1, stderr: expect.stringContaining("EADDRINUSE") });
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    const noFolder = await runCommand(["serve", "--listen", "127.0.0.1:0", "--store", `sqlite:${file}/sessions.db`]);
    expect(noFolder.status).toBe(1);
    expect(noFolder.stderr).toMatch(/^error: .+/);
  });

  test("says what lies behind a store that it cannot use, as migrate does", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "text");
    writeFileSync(file, "this is no database, and long enough to be told from one. ".repeat(20));
    const rows = [
      [`${folder}`, "The store cannot be used just now: unable to open database file (SQLITE_CANTOPEN)"],
      [file, "The store has failed: file is not a database (SQLITE_NOTADB)"],
      [`${file}/sessions.db`, `The folder of the store cannot be made: EEXIST: file already exists, mkdir '${file}'`],
    ];
    const results = rows.map(async ([path, text]) => {
      for (const command of [["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"], ["migrate"]]) {
        const { status, stderr } = await runCommand([...command, "--store", `sqlite:${path}`]);
        expect({ status, stderr }).toEqual({ status: 1, stderr: `error: ${text}\n` });
      }
    });
    await Promise.all(results);
  });
});

describe("other commands", () => {
  test("descriptors writes a buf image of the API, without what only the store knows", async () => {
    const { status, stdout } = await runCommand(["descriptors"]);
    expect(status).toBe(0);
    expect(stdout).toContain("CisSessionService");
    expect(stdout).not.toContain("sessiongateway.store.v1");
  });

  test("migrate makes a store that serve then opens", async () => {
    const path = join(temporaryFolder(), "deep/er/sessions.db");
    expect(await runCommand(["migrate", "--store", `sqlite:${path}`])).toMatchObject({ status: 0, stderr: "" });
    expect(readFileSync(path).subarray(0, 15).toString()).toBe("SQLite format 3");
  });
});
