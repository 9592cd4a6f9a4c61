import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import type { ErrorKind } from "../../src/domain/errors.ts";
import {
  decideStreaming,
  type StreamingDecision,
  type StreamingPresent,
  type StreamingTransition,
} from "../../src/domain/streaming-decision.ts";
import type { StreamingPolicy } from "../../src/domain/streaming-policy.ts";
import {
  createStreamingTransitions,
  deleteStreamingTransitions,
  reportTransitions,
  startStreamingTransitions,
  stopStreamingTransitions,
} from "../../src/domain/streaming-session.ts";
import { timerTransitions } from "../../src/domain/streaming-timers.ts";
import { StreamConfigurationSchema } from "../../src/gen/sessiongateway/store/v1/records_pb.ts";
import { ReportTransitionRequestSchema } from "../../src/gen/sessiongateway/streaming/v1/provisioner_service_pb.ts";
import {
  AutomaticTerminationMode,
  SessionBackupMode,
  StreamingSessionState as State,
  StreamingSessionStatusCode as StatusCode,
  type StreamingSession,
  StreamingSessionStateSchema,
  VolumeConfigurationSchema,
  VolumeRetentionMode,
} from "../../src/gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import {
  CreateStreamingSessionRequestSchema,
  DeleteStreamingSessionRequestSchema,
  StartStreamingSessionRequestSchema,
  StopStreamingSessionRequestSchema,
} from "../../src/gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import { configuration, enteredAt, minuteMs, names, policy, presentIn, states } from "../support/streaming-fixtures.ts";

type Present = StreamingPresent | undefined;

const now = enteredAt + 30 * minuteMs;
const newBackupId = "backup-3";
const external: StreamingPolicy = { ...policy, provisioner: "external" };

const calls = {
  create: (present: Present) => creation(present),
  start: (present: Present) => start(present, ""),
  "start from a backup": (present: Present) => start(present, "backup-1"),
  "start from no backup of its own": (present: Present) => start(present, "backup-9"),
  stop: (present: Present) => {
    const request = create(StopStreamingSessionRequestSchema, names);
    return decideStreaming(stopStreamingTransitions, present, request, "caller", policy, now);
  },
  delete: (present: Present) => {
    const request = create(DeleteStreamingSessionRequestSchema, names);
    return decideStreaming(deleteStreamingTransitions, present, request, "caller", policy, now);
  },
  "report done": (present: Present) => report(present, present?.record.session?.state, { case: "success", value: {} }),
  "report failed": (present: Present) =>
    report(present, present?.record.session?.state, {
      case: "failure",
      value: { statusCode: StatusCode.INSUFFICIENT_CAPACITY, statusMessage: "no machines" },
    }),
  "report on another state": (present: Present) =>
    report(
      present,
      present?.record.session?.state === State.STOP_IN_PROGRESS ? State.START_IN_PROGRESS : State.STOP_IN_PROGRESS,
      { case: "success", value: {} },
    ),
  "timer too early": (present: Present) => timer(present, policy, (present?.dueAt ?? 0) - 1),
  "timer due": (present: Present) => timer(present, policy, present?.dueAt ?? 0),
  "timer due, external provisioner": (present: Present) => timer(present, external, present?.dueAt ?? 0),
};
type CallName = keyof typeof calls;

function creation(
  present: Present,
  changes: MessageInitShape<typeof CreateStreamingSessionRequestSchema> = {},
  changedPolicy: Partial<StreamingPolicy> = {},
  sessionCount = 5,
): StreamingDecision {
  const init = { studioId: names.studioId, launchProfileId: "profile-1", ...changes };
  const request = create(
    CreateStreamingSessionRequestSchema,
    init as MessageInitShape<typeof CreateStreamingSessionRequestSchema>,
  );
  const input = { ...names, request, sessionCount };
  return decideStreaming(createStreamingTransitions, present, input, "caller", { ...policy, ...changedPolicy }, now);
}

function start(present: Present, backupId: string): StreamingDecision {
  const request = create(StartStreamingSessionRequestSchema, { ...names, backupId });
  return decideStreaming(startStreamingTransitions, present, request, "caller", policy, now);
}

function report(
  present: Present,
  state: State | undefined,
  outcome: NonNullable<MessageInitShape<typeof ReportTransitionRequestSchema>["outcome"]>,
): StreamingDecision {
  const request = create(ReportTransitionRequestSchema, {
    ...names,
    state: state ?? State.CREATE_IN_PROGRESS,
    outcome,
  });
  const input = { ...names, request, newBackupId };
  return decideStreaming(reportTransitions, present, input, "controller", external, now);
}

function timer(present: Present, changed: StreamingPolicy, at: number): StreamingDecision {
  return decideStreaming(timerTransitions, present, { ...names, newBackupId }, "system", changed, at);
}

/**
 * What a decision comes to: the state that a session enters; `same`: nothing changes; `never`: it stays and falls due no more;
 * `gone`: the record goes; otherwise the kind of the refusal.
 */
type Outcome = "same" | "never" | "gone" | Exclude<keyof typeof State, "UNSPECIFIED"> | ErrorKind;

const c = "conflict";

/** Every call on every state, in the order of `states`. */
const table: readonly [CallName, readonly Outcome[]][] = [
  // none, the four in progress (create, start, stop, delete), READY, STOPPED, DELETED, the four failed ones likewise
  ["create", ["CREATE_IN_PROGRESS", c, c, c, c, c, c, c, c, c, c, c]],
  ["start", ["notFound", c, c, c, c, c, "START_IN_PROGRESS", c, c, "START_IN_PROGRESS", c, c]],
  ["start from a backup", ["notFound", c, c, c, c, c, "START_IN_PROGRESS", c, c, "START_IN_PROGRESS", c, c]],
  ["start from no backup of its own", ["notFound", c, c, c, c, c, "notFound", c, c, "notFound", c, c]],
  ["stop", ["notFound", c, c, c, c, "STOP_IN_PROGRESS", c, c, c, c, "STOP_IN_PROGRESS", c]],
  ["delete", ["notFound", c, c, c, c, ...repeat("DELETE_IN_PROGRESS", 2), c, ...repeat("DELETE_IN_PROGRESS", 4)]],
  ["report done", ["notFound", "READY", "READY", "STOPPED", "DELETED", ...repeat(c, 7)]],
  ["report failed", ["notFound", "CREATE_FAILED", "START_FAILED", "STOP_FAILED", "DELETE_FAILED", ...repeat(c, 7)]],
  ["report on another state", ["notFound", ...repeat(c, 11)]],
  ["timer too early", repeat("same", 12)],
  [
    "timer due",
    [
      "same",
      "READY",
      "READY",
      "STOPPED",
      "DELETED",
      "STOP_IN_PROGRESS",
      "DELETE_IN_PROGRESS",
      "gone",
      ...repeat("same", 4),
    ],
  ],
  [
    "timer due, external provisioner",
    ["same", ...repeat("never", 4), "STOP_IN_PROGRESS", "DELETE_IN_PROGRESS", "gone", ...repeat("same", 4)],
  ],
];

function repeat(outcome: Outcome, count: number): Outcome[] {
  return Array.from({ length: count }, () => outcome);
}

function outcomeOf(decision: StreamingDecision, present: Present): Outcome {
  if ("refuse" in decision) {
    return decision.refuse.kind;
  }
  const { record, dueAt } = decision.next;
  if (record === present?.record) {
    return dueAt === present?.dueAt ? "same" : "never";
  }
  if (record === undefined) {
    return "gone";
  }
  return nameOf(record.session?.state) as Outcome;
}

function nameOf(state: State | undefined): string {
  return state === undefined ? "none" : (StreamingSessionStateSchema.value[state]?.localName ?? "?");
}

const cases = table.flatMap(([call, outcomes]) =>
  states.map((state, index) => ({ call, state, on: nameOf(state), outcome: outcomes[index] ?? "?" })),
);

describe("every call on every state", () => {
  test.each(cases)("$call on $on: $outcome", ({ call, state, outcome }) => {
    const present = presentIn(state);
    expect(outcomeOf(calls[call](present), present)).toBe(outcome);
  });

  test("a refusal names the session", () => {
    const refusals = cases.filter(({ outcome }) => outcome === "conflict" || outcome === "notFound");
    for (const { call, state } of refusals) {
      const decision = calls[call](presentIn(state));
      const id =
        call === "start from no backup of its own" && "refuse" in decision ? expect.any(String) : names.sessionId;
      expect(decision).toMatchObject({ refuse: { resource: { id } } });
    }
    expect(refusals.length).toBeGreaterThan(60);
  });

  test("a row leads to the state that it says", () => {
    const tables: Record<string, readonly StreamingTransition<never>[]> = {
      create: createStreamingTransitions,
      start: startStreamingTransitions,
      stop: stopStreamingTransitions,
      delete: deleteStreamingTransitions,
      "report done": reportTransitions,
      "timer due": timerTransitions,
    };
    for (const [call, rows] of Object.entries(tables)) {
      const led = new Set(table.find(([name]) => name === call)?.[1]);
      const failed = call === "report done" ? new Set(table.find(([name]) => name === "report failed")?.[1]) : led;
      for (const to of rows.flatMap(({ to }) => to ?? [])) {
        expect([...led, ...failed]).toContain(nameOf(to));
      }
    }
  });
});

function sessionOf(decision: StreamingDecision): StreamingSession | undefined {
  return "next" in decision ? decision.next.record?.session : undefined;
}

const ms = (at: StreamingSession["stopAt"]) => at && timestampMs(at);

describe("what a session shows of its life", () => {
  test.each([
    ["create", undefined, StatusCode.STREAMING_SESSION_CREATE_IN_PROGRESS, "caller"],
    ["start", State.STOPPED, StatusCode.STREAMING_SESSION_START_IN_PROGRESS, "caller"],
    ["stop", State.READY, StatusCode.STREAMING_SESSION_STOP_IN_PROGRESS, "caller"],
    ["delete", State.READY, StatusCode.STREAMING_SESSION_DELETE_IN_PROGRESS, "caller"],
    ["report done", State.CREATE_IN_PROGRESS, StatusCode.STREAMING_SESSION_READY, "controller"],
    ["report done", State.START_IN_PROGRESS, StatusCode.STREAMING_SESSION_STARTED, "controller"],
    ["report done", State.STOP_IN_PROGRESS, StatusCode.STREAMING_SESSION_STOPPED, "controller"],
    ["report done", State.DELETE_IN_PROGRESS, StatusCode.STREAMING_SESSION_DELETED, "controller"],
    ["report failed", State.CREATE_IN_PROGRESS, StatusCode.INSUFFICIENT_CAPACITY, "controller"],
    ["report failed", State.START_IN_PROGRESS, StatusCode.INSUFFICIENT_CAPACITY, "controller"],
    ["report failed", State.STOP_IN_PROGRESS, StatusCode.INSUFFICIENT_CAPACITY, "controller"],
    ["report failed", State.DELETE_IN_PROGRESS, StatusCode.INSUFFICIENT_CAPACITY, "controller"],
    ["timer due", State.CREATE_IN_PROGRESS, StatusCode.STREAMING_SESSION_READY, "creator"],
    ["timer due", State.START_IN_PROGRESS, StatusCode.STREAMING_SESSION_STARTED, "creator"],
    ["timer due", State.STOP_IN_PROGRESS, StatusCode.STREAMING_SESSION_STOPPED, "creator"],
    ["timer due", State.DELETE_IN_PROGRESS, StatusCode.STREAMING_SESSION_DELETED, "creator"],
    ["timer due", State.READY, StatusCode.STREAMING_SESSION_STOP_IN_PROGRESS, "system"],
    ["timer due", State.STOPPED, StatusCode.STREAMING_SESSION_DELETE_IN_PROGRESS, "system"],
  ] as const)("%s on %s: its status code, and who changed it", (call, state, statusCode, updatedBy) => {
    const present = presentIn(state);
    const session = sessionOf(calls[call](present));
    const at = call === "timer due" ? present?.dueAt : now;
    expect(session).toMatchObject({ statusCode, updatedBy });
    expect(ms(session?.updatedAt)).toBe(at);
    expect(session?.statusMessage).toBe(call === "report failed" ? "no machines" : "");
  });

  test("a new session has the caller, the profile and the ARN", () => {
    const decision = creation(undefined, { tags: { a: "b" }, ec2InstanceType: "g5.xlarge", streamingImageId: "image" });
    const session = sessionOf(decision);
    expect(session).toMatchObject({
      arn: `arn:aws:nimble:us-east-1:000000000000:streaming-session/${names.sessionId}`,
      createdBy: "caller",
      ownedBy: "caller",
      launchProfileId: "profile-1",
      ec2InstanceType: "g5.xlarge",
      streamingImageId: "image",
      tags: { a: "b" },
      automaticTerminationMode: AutomaticTerminationMode.DEACTIVATED,
      backupMode: SessionBackupMode.DEACTIVATED,
      maxBackupsToRetain: 0,
    });
    expect(ms(session?.createdAt)).toBe(now);
    for (const absent of ["startedAt", "stoppedAt", "stopAt", "terminateAt"] as const) {
      expect(session?.[absent]).toBeUndefined();
    }
    expect(sessionOf(creation(undefined, { ownedBy: "artist" }))?.ownedBy).toBe("artist");
  });

  test("startedAt and stoppedAt are when the in-progress state was entered, and stay", () => {
    const started = sessionOf(calls["start from a backup"](presentIn(State.STOPPED)));
    expect(started).toMatchObject({ startedBy: "caller", startedFromBackupId: "backup-1" });
    expect(ms(started?.startedAt)).toBe(now);
    const request = create(StopStreamingSessionRequestSchema, {
      ...names,
      volumeRetentionMode: VolumeRetentionMode.DELETE,
    });
    const present = presentIn(State.READY);
    const decision = decideStreaming(stopStreamingTransitions, present, request, "caller", policy, now);
    const stopped = sessionOf(decision);
    expect(stopped).toMatchObject({ stoppedBy: "caller", volumeRetentionMode: VolumeRetentionMode.DELETE });
    expect(ms(stopped?.stoppedAt)).toBe(now);
    const next = "next" in decision ? decision.next : undefined;
    const later = timer(next as Present, policy, now + 1000);
    expect(sessionOf(later)).toMatchObject({ stoppedBy: "caller", stoppedAt: stopped?.stoppedAt });
  });

  test("an automatic stop is by system", () => {
    expect(sessionOf(calls["timer due"](presentIn(State.READY)))).toMatchObject({ stoppedBy: "system" });
  });
});

describe("when a session falls due", () => {
  test.each([
    ["a simulated transition", calls.stop(presentIn(State.READY)), 1000],
    ["READY", calls["report done"](presentIn(State.START_IN_PROGRESS)), 10 * minuteMs],
    ["STOPPED with termination", calls["report done"](presentIn(State.STOP_IN_PROGRESS)), 20 * minuteMs],
    ["DELETED", calls["report done"](presentIn(State.DELETE_IN_PROGRESS)), policy.deletedRetentionMs],
  ])("%s", (_, decision, afterMs) => {
    expect("next" in decision && decision.next.dueAt).toBe(now + afterMs);
  });

  test.each([
    ["a failed one", calls["report failed"](presentIn(State.STOP_IN_PROGRESS))],
    [
      "STOPPED without termination",
      calls["report done"](
        presentIn(State.STOP_IN_PROGRESS, { automaticTerminationMode: AutomaticTerminationMode.DEACTIVATED }),
      ),
    ],
  ])("%s: never", (_, decision) => {
    expect("next" in decision && decision.next.dueAt).toBeUndefined();
  });

  test("a transition of an external provisioner is looked at each minute, and completed once one that simulates took over", () => {
    const request = create(StopStreamingSessionRequestSchema, names);
    const begun = decideStreaming(stopStreamingTransitions, presentIn(State.READY), request, "caller", external, now);
    const dueAt = now + 60_000;
    const present = "next" in begun && begun.next.record ? { record: begun.next.record, dueAt } : undefined;
    expect("next" in begun && begun.next.dueAt).toBe(dueAt);
    const looked = timer(present, external, dueAt);
    expect("next" in looked && looked.next).toMatchObject({ record: present?.record, dueAt: dueAt + 60_000 });
    expect(sessionOf(timer(present, policy, dueAt))?.state).toBe(State.STOPPED);
  });

  test("stopAt is shown in READY only, terminateAt in STOPPED only", () => {
    const ready = sessionOf(calls["report done"](presentIn(State.CREATE_IN_PROGRESS)));
    expect([ms(ready?.stopAt), ready?.terminateAt]).toEqual([now + 10 * minuteMs, undefined]);
    const stopped = sessionOf(calls["report done"](presentIn(State.STOP_IN_PROGRESS)));
    expect([stopped?.stopAt, ms(stopped?.terminateAt)]).toEqual([undefined, now + 20 * minuteMs]);
    for (const state of [State.READY, State.STOPPED]) {
      const deleted = sessionOf(calls.delete(presentIn(state)));
      expect([deleted?.stopAt, deleted?.terminateAt]).toEqual([undefined, undefined]);
    }
  });

  test("a session that may not be stopped is deleted when its time is over", () => {
    const present = presentIn(State.READY, { maxStoppedSessionLengthInMinutes: 0 });
    const session = sessionOf(timer(present, policy, present?.dueAt ?? 0));
    expect(session).toMatchObject({ state: State.DELETE_IN_PROGRESS, updatedBy: "system", stoppedBy: "" });
  });
});

describe("launch profiles", () => {
  const profile = create(StreamConfigurationSchema, {
    ...configuration,
    ec2InstanceTypes: ["g5.xlarge", "g5.2xlarge"],
    streamingImageIds: ["image-1"],
    volumeConfiguration: create(VolumeConfigurationSchema, { size: 200 }),
  });
  const launchProfiles = new Map([["profile-1", profile]]);

  test("a profile decides about its sessions, and its first type and image are the default", () => {
    expect(sessionOf(creation(undefined, {}, { launchProfiles }))).toMatchObject({
      ec2InstanceType: "g5.xlarge",
      streamingImageId: "image-1",
      automaticTerminationMode: AutomaticTerminationMode.ACTIVATED,
      backupMode: SessionBackupMode.AUTOMATIC,
      maxBackupsToRetain: 2,
      volumeConfiguration: { size: 200 },
    });
  });

  test("a change of the profile does not touch a session that is there", () => {
    const decision = creation(undefined, {}, { launchProfiles });
    const present = "next" in decision ? (decision.next as Present) : undefined;
    const ready = sessionOf(timer(present, policy, now + 1000));
    expect(ms(ready?.stopAt)).toBe(now + 1000 + 10 * minuteMs);
  });

  test.each([
    [{ ec2InstanceType: "g3.4xlarge" }, "ec2_instance_type"],
    [{ streamingImageId: "image-2" }, "streaming_image_id"],
  ])("%j is refused where the profile does not list it", (changes, field) => {
    expect(creation(undefined, changes, { launchProfiles })).toMatchObject({
      refuse: { kind: "invalid", fields: [{ field }] },
    });
  });
});

describe("the quota of a studio", () => {
  test.each([
    [0, 1_000_000, "CREATE_IN_PROGRESS"],
    [6, 5, "CREATE_IN_PROGRESS"],
    [5, 5, "quota"],
    [5, 6, "quota"],
  ] as const)("of %d sessions, with %d there: %s", (maxSessionsPerStudio, sessionCount, outcome) => {
    expect(outcomeOf(creation(undefined, {}, { maxSessionsPerStudio }, sessionCount), undefined)).toBe(outcome);
  });
});

describe("backups", () => {
  const stopped = (changes: MessageInitShape<typeof StreamConfigurationSchema> = {}) => {
    const decision = calls["report done"](presentIn(State.STOP_IN_PROGRESS, changes));
    return "next" in decision ? decision.next : undefined;
  };

  test("a completed Stop leaves one, and the oldest goes past the limit", () => {
    const next = stopped();
    expect(next?.record?.backupIds).toEqual(["backup-2", "backup-3"]);
    expect(next?.backups).toMatchObject({
      droppedIds: ["backup-1"],
      made: {
        arn: "arn:aws:nimble:us-east-1:000000000000:streaming-session-backup/backup-3",
        backupId: "backup-3",
        sessionId: names.sessionId,
        ownedBy: "owner",
        state: State.READY,
        tags: { project: "film" },
      },
    });
  });

  test("a limit that was lowered drops all that are too many", () => {
    expect(stopped({ maxBackupsToRetain: 1 })?.backups).toMatchObject({ droppedIds: ["backup-1", "backup-2"] });
  });

  test.each([{ backupMode: SessionBackupMode.DEACTIVATED }, { maxBackupsToRetain: 0 }])("none with %j", (changes) => {
    expect(stopped(changes)?.backups?.made).toBeUndefined();
    expect(stopped(changes)?.record?.backupIds).toEqual(["backup-1", "backup-2"]);
  });

  test("a failed Stop leaves none", () => {
    const decision = calls["report failed"](presentIn(State.STOP_IN_PROGRESS));
    expect("next" in decision && decision.next.backups).toBeUndefined();
  });

  test("all go with the session", () => {
    const decision = calls["report done"](presentIn(State.DELETE_IN_PROGRESS));
    expect("next" in decision && decision.next).toMatchObject({
      record: { backupIds: [] },
      backups: { droppedIds: ["backup-1", "backup-2"] },
    });
  });
});
