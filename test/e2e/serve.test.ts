import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

  test("keeps what it acknowledged when it is killed", async () => {
    const store = `sqlite:${join(temporaryFolder(), "sessions.db")}`;
    const agents = Array.from({ length: 200 }, () => newAgent());
    const before = await startGateway(["--store", store, "--log-level", "warn"]);
    const acknowledged: string[] = [];
    const client = clientOf(before.url);
    const calls = agents.map(async (agent) => {
      await client.startCisSession({ scanJobId: agent.scanJobId, message: { sessionToken: agent.sessionToken } });
      await client.sendCisSessionTelemetry({ ...agent, messages: messages(0, 3) });
      await client.stopCisSession({ ...agent, message: result });
      acknowledged.push(agent.scanJobId);
    });
    const settled = Promise.allSettled(calls);
    await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(20), { interval: 1 });
    await before.end("SIGKILL");
    await settled;

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
    await vi.waitFor(() => expect(seen).toHaveLength(1));
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
