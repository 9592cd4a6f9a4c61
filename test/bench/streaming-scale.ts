/**
 * Whether Get and Stop of a streaming session take longer with 100 000 sessions in the store than with 100. Two gateways,
 * each a process of its own over a SQLite file of its own, are called in turn, round by round, so that what else the
 * machine does falls on both alike. Prints the medians and their ratio, and fails above the limit.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { StreamingSessionRecordSchema } from "../../src/gen/sessiongateway/store/v1/records_pb.ts";
import { ProvisionerService } from "../../src/gen/sessiongateway/streaming/v1/provisioner_service_pb.ts";
import { StreamingSessionState } from "../../src/gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import { StreamingSessionService } from "../../src/gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import { openStore } from "../../src/store/open-store.ts";
import { streamingSessionRef } from "../../src/store/record-kinds.ts";
import { put } from "../../src/store/session-store.ts";

const counts = [100, 100_000] as const;
const rounds = 9;
const stopsPerRound = 100;
const getsPerRound = 300;
const limit = 1.3;
const studioCount = 20;
const sessionMinutes = 690;

/** Where the measured sessions are. */
const studioId = "studio-0";

type Provisioner = Client<typeof ProvisionerService>;

interface Subject {
  readonly client: Client<typeof StreamingSessionService>;
  readonly provisioner: Provisioner;
  readonly sessionIds: readonly string[];
  readonly child: ChildProcess;
}

/** An id like those that the gateway makes up, 22 characters of base64url without order, and the same at every run. */
const sessionIdOf = (index: number) => createHash("sha256").update(`${index}`).digest("base64url").slice(0, 22);

const studioIdOf = (index: number) => `studio-${index % studioCount}`;

/** Sessions of the measured studio, spread over all that it has, none of them twice. */
function sample(count: number): readonly string[] {
  const there = count / studioCount;
  const wanted = Math.min(there, 1000);
  return Array.from({ length: wanted }, (_, index) => sessionIdOf(Math.floor((index * there) / wanted) * studioCount));
}

async function fill(path: string, count: number): Promise<void> {
  const store = await openStore(`sqlite:${path}`);
  const now = Date.now();
  const dueAt = now + sessionMinutes * 60_000;
  const times = { createdAt: timestampFromMs(now), stopAt: timestampFromMs(dueAt) };
  const people = { ownedBy: "owner", createdBy: "owner" };
  const streamConfiguration = {
    maxSessionLengthInMinutes: sessionMinutes,
    maxStoppedSessionLengthInMinutes: 5760,
  };
  const keep = (index: number) => {
    const sessionId = sessionIdOf(index);
    const session = { sessionId, state: StreamingSessionState.READY, ...times, ...people };
    const record = create(StreamingSessionRecordSchema, { studioId: studioIdOf(index), session, streamConfiguration });
    const ref = streamingSessionRef(record.studioId, sessionId);
    return store.update([ref], () => ({ put: [put(ref, record, dueAt)], reply: undefined }));
  };
  for (let first = 0; first < count; first += 1000) {
    await Promise.all(Array.from({ length: Math.min(1000, count - first) }, (_, index) => keep(first + index)));
  }
  await store.close();
}

async function start(path: string, count: number): Promise<Subject> {
  await fill(path, count);
  const flags = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--provisioner", "external"];
  const main = join(import.meta.dirname, "../../src/main.ts");
  const child = spawn(process.execPath, [main, "serve", "--store", `sqlite:${path}`, ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const entry = JSON.parse(line);
      if (entry.msg === "listening") {
        resolve(entry.url);
      }
    });
  });
  const transport = createGrpcTransport({ baseUrl: url });
  const client = createClient(StreamingSessionService, transport);
  return { client, provisioner: createClient(ProvisionerService, transport), sessionIds: sample(count), child };
}

async function timeOf(call: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await call();
  return performance.now() - startedAt;
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Completes a transition, so that the session can be stopped again. */
async function complete(provisioner: Provisioner, sessionId: string, state: StreamingSessionState): Promise<void> {
  await provisioner.reportTransition({ studioId, sessionId, state, outcome: { case: "success", value: {} } });
}

async function measureRound({ client, provisioner, sessionIds }: Subject, round: number) {
  const gets: number[] = [];
  const stops: number[] = [];
  for (let index = 0; index < getsPerRound; index++) {
    const sessionId = sessionIds[(round * getsPerRound + index) % sessionIds.length] ?? "";
    gets.push(await timeOf(() => client.getStreamingSession({ studioId, sessionId })));
  }
  for (let index = 0; index < stopsPerRound; index++) {
    const sessionId = sessionIds[(round * stopsPerRound + index) % sessionIds.length] ?? "";
    stops.push(await timeOf(() => client.stopStreamingSession({ studioId, sessionId })));
    await complete(provisioner, sessionId, StreamingSessionState.STOP_IN_PROGRESS);
    await client.startStreamingSession({ studioId, sessionId });
    await complete(provisioner, sessionId, StreamingSessionState.START_IN_PROGRESS);
  }
  return { get: median(gets), stop: median(stops) };
}

const folder = mkdtempSync(join(tmpdir(), "session-gateway-bench-"));
const subjects: Subject[] = [];
let worst = 0;
try {
  for (const count of counts) {
    subjects.push(await start(join(folder, `${count}.db`), count));
  }
  const [few, many] = subjects as [Subject, Subject];
  const ratios = { get: [] as number[], stop: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const small = await measureRound(few, round);
    const large = await measureRound(many, round);
    ratios.get.push(large.get / small.get);
    ratios.stop.push(large.stop / small.stop);
  }
  for (const [call, found] of Object.entries(ratios)) {
    worst = Math.max(worst, median(found));
    const spread = `${Math.min(...found).toFixed(2)} to ${Math.max(...found).toFixed(2)}`;
    process.stdout.write(
      `${call}: with ${counts[1]} sessions ${median(found).toFixed(2)} times as long as with ${counts[0]} ` +
        `(median of ${rounds} rounds, ${spread})\n`,
    );
  }
} finally {
  for (const { child } of subjects) {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}
if (!(worst < limit)) {
  process.stdout.write(`the limit is ${limit}\n`);
  process.exitCode = 1;
}
