import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type DescMethodUnary, type JsonObject, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { StreamingPolicy } from "../../src/domain/streaming-policy.ts";
import {
  type StreamConfiguration,
  StreamConfigurationSchema,
} from "../../src/gen/sessiongateway/store/v1/records_pb.ts";
import { ProvisionerService } from "../../src/gen/sessiongateway/streaming/v1/provisioner_service_pb.ts";
import {
  StreamingSessionState,
  StreamingSessionStatusCode,
} from "../../src/gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import { StreamingSessionService } from "../../src/gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import { policy } from "../support/streaming-fixtures.ts";
import { openStreamingServices, type StreamingServices } from "../support/streaming-service.ts";
import { type ModelAnswer, type ModelOptions, type ModelProfile, StreamingModel } from "./streaming-model.ts";

const { method } = StreamingSessionService;
const studioId = "studio-1";
const begin = 1_800_000_000_000;
const minuteMs = 60_000;

const profiles: readonly ModelProfile[] = [
  { id: "unknown to the configuration", readyMinutes: 690, stoppedMinutes: 5760, terminates: false, backups: 0 },
  { id: "deleted", readyMinutes: 1, stoppedMinutes: 0, terminates: false, backups: 0 },
  { id: "stopped and deleted", readyMinutes: 2, stoppedMinutes: 3, terminates: true, backups: 2 },
  { id: "stopped and deleted at once", readyMinutes: 600, stoppedMinutes: 0, terminates: true, backups: 1 },
];

function configurationOf({ readyMinutes, stoppedMinutes, terminates, backups }: ModelProfile): StreamConfiguration {
  return create(StreamConfigurationSchema, {
    automaticTerminationMode: terminates ? 2 : 1,
    backupMode: backups > 0 ? 1 : 2,
    maxBackupsToRetain: backups,
    maxSessionLengthInMinutes: readyMinutes,
    maxStoppedSessionLengthInMinutes: stoppedMinutes,
    sessionPersistenceMode: 1,
  });
}

/** The gateway's services over a file, with a clock that the test sets. */
class Real {
  now = begin;
  readonly sessionIds: string[] = [];
  readonly streamIds: { readonly sessionId: string; readonly streamId: string }[] = [];
  #services: StreamingServices | undefined;
  readonly #url: string;
  readonly #policy: StreamingPolicy;

  constructor(path: string, changed: Partial<StreamingPolicy>) {
    this.#url = `sqlite:${path}`;
    this.#policy = { ...policy, ...changed };
  }

  async open(): Promise<void> {
    this.#services = await openStreamingServices(this.#url, this.#policy, () => this.now);
  }

  async close(): Promise<void> {
    await this.#services?.store.close();
  }

  async advance(byMs: number): Promise<void> {
    this.now += byMs;
    await this.#services?.runDue();
  }

  /** The answer as JSON with bare enum names, or the code of the error. */
  async call<M extends DescMethodUnary>(
    rpc: M,
    request: MessageInitShape<M["input"]>,
    caller: string,
  ): Promise<ModelAnswer> {
    try {
      const reply = await this.#services?.call(rpc, request, caller);
      return bare(toJson(rpc.output, reply as never) as JsonObject);
    } catch (error) {
      return Code[ConnectError.from(error).code] ?? "";
    }
  }
}

const prefixes =
  /^(STREAMING_SESSION_STATE_|STREAMING_SESSION_STATUS_CODE_|STREAMING_SESSION_STREAM_STATE_|STREAMING_SESSION_STREAM_STATUS_CODE_|AUTOMATIC_TERMINATION_MODE_|SESSION_PERSISTENCE_MODE_|SESSION_BACKUP_MODE_)/;

function bare(json: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(json), (_, value) =>
    typeof value === "string" ? value.replace(prefixes, "") : value,
  );
}

function sessionIn(answer: ModelAnswer): ModelAnswer {
  return typeof answer === "string" ? answer : ((answer["session"] ?? {}) as JsonObject);
}

type Step = (model: StreamingModel, real: Real) => Promise<void>;

/** A command of fast-check from a description and what it does. */
function command(description: string, run: Step): fc.AsyncCommand<StreamingModel, Real> {
  return {
    check: () => true,
    // What a model remembers must not change when the model goes on.
    run: async (model, real) => run(model, real),
    toString: () => description,
  };
}

const index = fc.nat({ max: 5 });
const caller = fc.constantFrom("ann", "bob");
const token = fc.option(fc.constantFrom("token-1", "token-2"), { nil: undefined, freq: 2 });
const at = <T>(list: readonly T[], position: number): T | undefined => list[position % Math.max(list.length, 1)];

interface Mutation {
  readonly rpc: DescMethodUnary;
  readonly request: Record<string, unknown>;
  readonly who: string;
  readonly clientToken: string | undefined;
}

/** Makes a call on both sides, under a client token where there is one, and compares what they say. */
async function both(
  model: StreamingModel,
  real: Real,
  { rpc, request, who, clientToken }: Mutation,
  expected: (answer: ModelAnswer) => ModelAnswer,
): Promise<ModelAnswer> {
  const tokenField = clientToken === undefined ? {} : { clientToken };
  const answer = await real.call(rpc, { ...request, ...tokenField } as never, who);
  const run = () => structuredClone(expected(answer));
  const said = JSON.stringify(request);
  const wanted = clientToken === undefined ? run() : model.once([who, rpc.name, clientToken].join(), said, run);
  expect(sessionIn(answer)).toEqual(wanted);
  return answer;
}

const creates = fc
  .record({
    profile: fc.constantFrom(...profiles),
    ownedBy: fc.constantFrom("", "carl"),
    who: caller,
    clientToken: token,
  })
  .map(({ profile, ownedBy, who, clientToken }) =>
    command(`create ${profile.id} by ${who} for ${ownedBy} ${clientToken ?? ""}`, async (model, real) => {
      const request = { studioId, launchProfileId: profile.id, ownedBy };
      await both(model, real, { rpc: method.createStreamingSession, request, who, clientToken }, (answer) => {
        const session = sessionIn(answer);
        const id = typeof session === "string" ? "" : String(session["sessionId"]);
        const wanted = model.create(id, profile, ownedBy, who);
        if (typeof session !== "string") {
          real.sessionIds.push(id);
        }
        return wanted;
      });
    }),
  );

const changes = fc
  .record({ what: fc.constantFrom("start", "stop", "delete"), position: index, who: caller, clientToken: token })
  .map(({ what, position, who, clientToken }) =>
    command(`${what} ${position} by ${who} ${clientToken ?? ""}`, async (model, real) => {
      const sessionId = at(real.sessionIds, position) ?? "none";
      const request = { studioId, sessionId };
      const [rpc, expected] = {
        start: [method.startStreamingSession, () => model.start(sessionId, "none", "", who)] as const,
        stop: [method.stopStreamingSession, () => model.stop(sessionId, who)] as const,
        delete: [method.deleteStreamingSession, () => model.delete(sessionId, who)] as const,
      }[what as "start"];
      await both(model, real, { rpc, request, who, clientToken }, expected);
    }),
  );

const startsFromBackup = fc.record({ position: index, pick: index, who: caller }).map(({ position, pick, who }) =>
  command(`start ${position} from backup ${pick} by ${who}`, async (model, real) => {
    const sessionId = at(real.sessionIds, position) ?? "none";
    const listed = await real.call(method.listStreamingSessionBackups, { studioId }, who);
    const backups = (typeof listed === "string" ? [] : (listed["streamingSessionBackups"] ?? [])) as JsonObject[];
    const backup = at(backups, pick);
    const backupId = String(backup?.["backupId"] ?? "none");
    const request = { studioId, sessionId, backupId };
    const known = backup?.["sessionId"] === sessionId ? "known" : "unknown";
    const mutation = { rpc: method.startStreamingSession, request, who, clientToken: undefined };
    await both(model, real, mutation, () => model.start(sessionId, known, backupId, who));
  }),
);

const reports = fc
  .record({
    position: index,
    state: fc.constantFrom(
      "CREATE_IN_PROGRESS" as const,
      "START_IN_PROGRESS" as const,
      "STOP_IN_PROGRESS" as const,
      "DELETE_IN_PROGRESS" as const,
      "the one it is in" as const,
    ),
    failure: fc.option(fc.constantFrom("INSUFFICIENT_CAPACITY" as const, "INTERNAL_ERROR" as const)),
  })
  .map(({ position, state, failure }) =>
    command(`report ${position} ${state} ${failure ?? "done"}`, async (model, real) => {
      const sessionId = at(real.sessionIds, position) ?? "none";
      const present = String(model.sessions.get(sessionId)?.json["state"] ?? "");
      const inProgress = present.endsWith("IN_PROGRESS") ? present : "STOP_IN_PROGRESS";
      const reported = (state === "the one it is in" ? inProgress : state) as "STOP_IN_PROGRESS";
      const outcome =
        failure === null
          ? { case: "success", value: {} }
          : { case: "failure", value: { statusCode: StreamingSessionStatusCode[failure], statusMessage: "it broke" } };
      const request = { studioId, sessionId, state: StreamingSessionState[reported], outcome };
      const answer = await real.call(ProvisionerService.method.reportTransition, request as never, "controller");
      const wanted = model.report(sessionId, reported, failure ?? undefined, "controller");
      const shown = typeof wanted === "string" ? wanted : model.get(sessionId);
      expect(sessionIn(answer)).toEqual(shown);
    }),
  );

const streams = fc.record({ position: index, seconds: fc.constantFrom(60, 120, 3600) }).map(({ position, seconds }) =>
  command(`stream ${position} for ${seconds} s`, async (model, real) => {
    const sessionId = at(real.sessionIds, position) ?? "none";
    const request = { studioId, sessionId, expirationInSeconds: seconds };
    const answer = await real.call(method.createStreamingSessionStream, request, "ann");
    const stream = typeof answer === "string" ? undefined : (answer["stream"] as JsonObject);
    const streamId = String(stream?.["streamId"]);
    expect(stream === undefined ? answer : { state: stream["state"] }).toEqual(
      model.createStream(streamId, sessionId, seconds),
    );
    if (stream !== undefined) {
      real.streamIds.push({ sessionId, streamId });
    }
  }),
);

const reads = fc
  .record({ ownedBy: fc.constantFrom("", "carl", "ann"), createdBy: fc.constantFrom("", "bob") })
  .map(({ ownedBy, createdBy }) =>
    command(`read all, list ${ownedBy} ${createdBy}`, async (model, real) => {
      for (const sessionId of real.sessionIds) {
        const answer = await real.call(method.getStreamingSession, { studioId, sessionId }, "ann");
        expect(sessionIn(answer)).toEqual(model.get(sessionId));
      }
      for (const { sessionId, streamId } of real.streamIds) {
        const answer = await real.call(method.getStreamingSessionStream, { studioId, sessionId, streamId }, "ann");
        const shown =
          typeof answer === "string" ? answer : { state: (answer["stream"] as JsonObject)["state"] ?? null };
        expect(shown).toEqual(model.getStream(streamId));
      }
      const listed = await real.call(method.listStreamingSessions, { studioId, ownedBy, createdBy }, "ann");
      expect(byId(listed, "sessions")).toEqual(byId({ sessions: model.list(ownedBy, createdBy) }, "sessions"));
      const backups = await real.call(method.listStreamingSessionBackups, { studioId }, "ann");
      const madeAt = byId(backups, "streamingSessionBackups").map(
        (each) => `${each["sessionId"]} ${each["createdAt"]}`,
      );
      const wanted = [...model.sessions].flatMap(([id, session]) => session.backups.map((when) => `${id} ${when}`));
      expect(madeAt.sort()).toEqual(wanted.sort());
    }),
  );

function byId(answer: ModelAnswer, member: string): JsonObject[] {
  const list = (typeof answer === "string" ? [] : (answer[member] ?? [])) as JsonObject[];
  return list.toSorted((one, other) => (String(one["sessionId"]) < String(other["sessionId"]) ? -1 : 1));
}

const passages = fc
  .constantFrom(1000, 1000, 30_000, minuteMs, 3 * minuteMs, 20 * minuteMs, 25 * 60 * minuteMs)
  .map((byMs) =>
    command(`${byMs / 1000} s go by`, async (model, real) => {
      await real.advance(byMs);
      model.advance(byMs);
    }),
  );

const restarts = fc.constantFrom(0, minuteMs, 20 * minuteMs).map((downMs) =>
  command(`down for ${downMs / 1000} s`, async (model, real) => {
    await real.close();
    await real.open();
    await real.advance(downMs);
    model.advance(downMs);
  }),
);

test.each([
  ["simulated", 100],
  ["external", 50],
] as const)(
  "%s provisioner: calls, timers and restarts answer as the model does",
  async (provisioner, numRuns) => {
    const folder = await mkdtemp(join(tmpdir(), "streaming-"));
    const options: ModelOptions = {
      simulated: provisioner === "simulated",
      delayMs: 1000,
      retentionMs: 10 * minuteMs,
      maxSessions: 3,
    };
    const changed: Partial<StreamingPolicy> = {
      provisioner,
      simulatedDelayMs: options.delayMs,
      deletedRetentionMs: options.retentionMs,
      maxSessionsPerStudio: options.maxSessions,
      launchProfiles: new Map(profiles.slice(1).map((profile) => [profile.id, configurationOf(profile)])),
    };
    const commands = fc.commands(
      [creates, changes, changes, startsFromBackup, reports, streams, reads, passages, passages, restarts],
      { maxCommands: 60, size: "max" },
    );
    let run = 0;
    try {
      await fc.assert(
        fc.asyncProperty(commands, async (list) => {
          const real = new Real(join(folder, `${run++}.db`), changed);
          await real.open();
          try {
            await fc.asyncModelRun(() => ({ model: new StreamingModel(begin, options), real }), list);
          } finally {
            await real.close();
          }
        }),
        { numRuns },
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  120_000,
);
