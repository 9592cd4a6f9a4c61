import { create, equals } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import {
  createTransitions,
  healthTransitions,
  heartbeatTransitions,
  startTransitions,
  stopTransitions,
  telemetryTransitions,
} from "../../src/domain/cis-session.ts";
import { type CisDecision, type CisPolicy, type CisPresent, decideCis } from "../../src/domain/cis-transition.ts";
import type { ErrorKind } from "../../src/domain/errors.ts";
import { hashSessionToken } from "../../src/domain/session-token.ts";
import {
  CisRuleStatus,
  CisSessionMessageSchema,
  CisSessionState,
  CisSessionStateSchema,
  type StopCisSessionMessage,
  StopCisSessionMessageSchema,
  StopCisSessionStatus,
} from "../../src/gen/sessiongateway/cis/v1/cis_session_pb.ts";
import {
  SendCisSessionHealthRequestSchema,
  StartCisSessionRequestSchema,
  StopCisSessionRequestSchema,
} from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { CisSessionRecordSchema } from "../../src/gen/sessiongateway/store/v1/records_pb.ts";

const scanJobId = "624b746d-e080-44ae-8c1d-48e653365a38";
const mine = "624b746d-e080-44ae-8c1d-48e653365a31";
const other = "00000000-0000-4000-8000-000000000000";
const startedAt = 1_800_000_000_000;
const now = startedAt + 60_000;
const policy: CisPolicy = { heartbeatTimeoutMs: 900_000, scanJobs: "open", maxFindingsPerSession: 3 };

const { SUCCESS, FAILED, INTERRUPTED, UNSUPPORTED_OS } = StopCisSessionStatus;
const { PENDING, STARTED, STOPPED, LOST } = CisSessionState;

const situations = [
  "none",
  "PENDING",
  "STARTED",
  "LOST",
  "SUCCESS",
  "FAILED",
  "INTERRUPTED",
  "UNSUPPORTED_OS",
] as const;
type SituationName = (typeof situations)[number];

function resultOf(status: StopCisSessionStatus): StopCisSessionMessage {
  return create(StopCisSessionMessageSchema, { status, progress: { totalChecks: 2 }, reason: "as it was" });
}

/** The session in one of the situations, started by the agent with the token `mine`. */
function presentIn(name: SituationName): CisPresent | undefined {
  if (name === "none") {
    return undefined;
  }
  const session = { scanJobId, createdAt: timestampFromMs(startedAt) };
  if (name === "PENDING") {
    const record = create(CisSessionRecordSchema, { session: { ...session, state: PENDING } });
    return { record, dueAt: undefined };
  }
  const stopStatus = { SUCCESS, FAILED, INTERRUPTED, UNSUPPORTED_OS, STARTED: undefined, LOST: undefined }[name];
  const seen = {
    attempt: 1,
    startedAt: timestampFromMs(startedAt),
    lastSeenAt: timestampFromMs(startedAt),
    received: {},
  };
  const stopped =
    stopStatus === undefined ? {} : { result: resultOf(stopStatus), stoppedAt: timestampFromMs(startedAt) };
  const state = name === "STARTED" ? STARTED : name === "LOST" ? LOST : STOPPED;
  const record = create(CisSessionRecordSchema, {
    session: { ...session, ...seen, ...stopped, state },
    sessionTokenHash: hashSessionToken(mine),
  });
  return { record, dueAt: name === "STARTED" ? startedAt + policy.heartbeatTimeoutMs : undefined };
}

const message = create(CisSessionMessageSchema, {
  ruleId: "1.1.1",
  status: CisRuleStatus.PASSED,
  cisRuleDetails: new Uint8Array([1]),
});

const calls = {
  create: (present: CisPresent | undefined) => decideCis(createTransitions, present, { scanJobId }, policy, now),
  start: (present: CisPresent | undefined, sessionToken: string) => {
    const request = create(StartCisSessionRequestSchema, { scanJobId, message: { sessionToken } });
    return decideCis(startTransitions, present, request, policy, now);
  },
  "start registered only": (present: CisPresent | undefined, sessionToken: string) => {
    const request = create(StartCisSessionRequestSchema, { scanJobId, message: { sessionToken } });
    return decideCis(startTransitions, present, request, { ...policy, scanJobs: "registered" }, now);
  },
  health: (present: CisPresent | undefined, sessionToken: string) => {
    const request = create(SendCisSessionHealthRequestSchema, { scanJobId, sessionToken });
    return decideCis(healthTransitions, present, request, policy, now);
  },
  telemetry: (present: CisPresent | undefined, sessionToken: string) => {
    const input = { scanJobId, sessionToken, messages: [message], kept: () => undefined };
    return decideCis(telemetryTransitions, present, input, policy, now);
  },
  "stop, same message": (present: CisPresent | undefined, sessionToken: string) =>
    stop(present, sessionToken, present?.record.session?.result ?? resultOf(SUCCESS)),
  "stop, other message": (present: CisPresent | undefined, sessionToken: string) =>
    stop(
      present,
      sessionToken,
      create(StopCisSessionMessageSchema, { status: SUCCESS, progress: {}, reason: "other" }),
    ),
  "timer in time": (present: CisPresent | undefined) => timer(present, startedAt + policy.heartbeatTimeoutMs - 1),
  "timer overdue": (present: CisPresent | undefined) => timer(present, startedAt + policy.heartbeatTimeoutMs),
};
type CallName = keyof typeof calls;

function stop(present: CisPresent | undefined, sessionToken: string, result: StopCisSessionMessage): CisDecision {
  const request = create(StopCisSessionRequestSchema, { scanJobId, sessionToken, message: result });
  return decideCis(stopTransitions, present, request, policy, now);
}

function timer(present: CisPresent | undefined, at: number): CisDecision {
  return decideCis(heartbeatTransitions, present, { scanJobId }, policy, at);
}

/** `STARTED 2`: the state and the attempt it leads to; `same`: nothing changes; otherwise the kind of the refusal. */
type Outcome = "same" | `${"PENDING" | "STARTED" | "STOPPED" | "LOST"} ${0 | 1 | 2}` | ErrorKind;

/** Every call, with the token that started the session and with another, on every situation, in the order of `situations`. */
const table: readonly [CallName, typeof mine | typeof other, readonly Outcome[]][] = [
  // none, PENDING, STARTED, LOST, SUCCESS, FAILED, INTERRUPTED, UNSUPPORTED_OS
  ["create", mine, ["PENDING 0", ...repeat("conflict", 7)]],
  ["start", mine, ["STARTED 1", "STARTED 1", "STARTED 1", "STARTED 1", ...repeat("conflict", 4)]],
  [
    "start",
    other,
    ["STARTED 1", "STARTED 1", "conflict", "STARTED 2", "conflict", "conflict", "STARTED 2", "conflict"],
  ],
  ["start registered only", mine, ["denied", "STARTED 1", "STARTED 1", "STARTED 1", ...repeat("conflict", 4)]],
  ["health", mine, ["notFound", "notFound", "STARTED 1", "STARTED 1", ...repeat("conflict", 4)]],
  ["health", other, ["notFound", "notFound", ...repeat("denied", 6)]],
  ["telemetry", mine, ["notFound", "notFound", "STARTED 1", "STARTED 1", ...repeat("conflict", 4)]],
  ["telemetry", other, ["notFound", "notFound", ...repeat("denied", 6)]],
  ["stop, same message", mine, ["notFound", "notFound", "STOPPED 1", "STOPPED 1", ...repeat("same", 4)]],
  ["stop, same message", other, ["notFound", "notFound", ...repeat("denied", 6)]],
  ["stop, other message", mine, ["notFound", "notFound", "STOPPED 1", "STOPPED 1", ...repeat("conflict", 4)]],
  ["stop, other message", other, ["notFound", "notFound", ...repeat("denied", 6)]],
  ["timer in time", mine, ["notFound", ...repeat("same", 7)]],
  ["timer overdue", mine, ["notFound", "same", "LOST 1", ...repeat("same", 5)]],
];

function repeat(outcome: Outcome, times: number): Outcome[] {
  return Array.from({ length: times }, () => outcome);
}

function outcomeOf(decision: CisDecision, present: CisPresent | undefined): string {
  if ("refuse" in decision) {
    return decision.refuse.kind;
  }
  const { record, dueAt } = decision.next;
  if (present !== undefined && record === present.record) {
    return "same";
  }
  expect(dueAt !== undefined).toBe(record.session?.state === STARTED);
  return `${CisSessionStateSchema.value[record.session?.state ?? 0]?.localName} ${record.session?.attempt}`;
}

describe("every CIS call in every state", () => {
  for (const [call, token, outcomes] of table) {
    const who = token === mine ? "the agent itself" : "another agent";
    test.each(situations.map((situation, index) => ({ situation, outcome: outcomes[index] })))(
      `${call} by ${who} on $situation: $outcome`,
      ({ situation, outcome }) => {
        const present = presentIn(situation);
        expect(outcomeOf(calls[call](present, token), present)).toBe(outcome);
      },
    );
  }

  test("the table covers every call and every situation", () => {
    expect(new Set(table.map(([call]) => call))).toEqual(new Set(Object.keys(calls)));
    expect(new Set(table.map(([, , outcomes]) => outcomes.length))).toEqual(new Set([situations.length]));
  });

  test("no refusal shows a token, and every one of a session names it", () => {
    for (const call of Object.values(calls)) {
      for (const situation of situations) {
        for (const token of [mine, other]) {
          const decision = call(presentIn(situation), token);
          if ("refuse" in decision) {
            const { message: text, fields, resource, kind } = decision.refuse;
            expect(JSON.stringify([text, fields, resource])).not.toMatch(new RegExp(`${mine}|${other}`));
            expect(resource?.id).toBe(
              kind === "denied" || text === "There is no such session." ? undefined : scanJobId,
            );
          }
        }
      }
    }
  });
});

describe("what a CIS call changes", () => {
  test("hearing moves lastSeenAt and leaves the timer alone", () => {
    const decision = calls.health(presentIn("STARTED"), mine);
    const next = nextOf(decision);
    expect(timestampMs(next.record.session?.lastSeenAt ?? timestampFromMs(0))).toBe(now);
    expect(next.dueAt).toBe(startedAt + policy.heartbeatTimeoutMs);
  });

  test("a lost agent that is heard gets a new timer", () => {
    expect(nextOf(calls.health(presentIn("LOST"), mine)).dueAt).toBe(now + policy.heartbeatTimeoutMs);
  });

  test("a clock that went back does not move lastSeenAt back", () => {
    const request = create(SendCisSessionHealthRequestSchema, { scanJobId, sessionToken: mine });
    const decision = decideCis(healthTransitions, presentIn("STARTED"), request, policy, startedAt - 5000);
    expect(timestampMs(nextOf(decision).record.session?.lastSeenAt ?? timestampFromMs(0))).toBe(startedAt);
  });

  test("without a heartbeat time-out nothing is lost, and a session is looked at each hour", () => {
    const never = { ...policy, heartbeatTimeoutMs: 0 };
    const request = create(StartCisSessionRequestSchema, { scanJobId, message: { sessionToken: mine } });
    expect(nextOf(decideCis(startTransitions, undefined, request, never, now)).dueAt).toBe(now + 3_600_000);
    const late = decideCis(heartbeatTransitions, presentIn("STARTED"), { scanJobId }, never, now * 2);
    expect(nextOf(late)).toMatchObject({ dueAt: now * 2 + 3_600_000, record: { session: { state: STARTED } } });
  });

  test("a timer that comes early is set to when the silence would be too long", () => {
    const present = presentIn("STARTED");
    const heard = nextOf(calls.health(present, mine));
    const decision = timer({ record: heard.record, dueAt: heard.dueAt }, startedAt + policy.heartbeatTimeoutMs);
    expect(nextOf(decision).dueAt).toBe(now + policy.heartbeatTimeoutMs);
    expect(nextOf(decision).record).toBe(heard.record);
  });

  test("a new attempt keeps when the job was created, and nothing of the attempt before", () => {
    const next = nextOf(calls.start(presentIn("INTERRUPTED"), other));
    expect(next.record.session).toMatchObject({ attempt: 2, state: STARTED });
    expect(next.record.session?.createdAt).toEqual(timestampFromMs(startedAt));
    expect(next.record.session?.result).toBeUndefined();
    expect(next.record.session?.stoppedAt).toBeUndefined();
    expect(next.record.sessionTokenHash).toEqual(hashSessionToken(other));
  });

  test("the result of a stopped session is the message of Stop", () => {
    const result = resultOf(FAILED);
    const session = nextOf(stop(presentIn("STARTED"), mine, result)).record.session;
    expect(session?.result && equals(StopCisSessionMessageSchema, session.result, result)).toBe(true);
    expect(session?.stoppedAt).toEqual(timestampFromMs(now));
  });
});

describe("findings of an attempt", () => {
  const { PASSED } = CisRuleStatus;
  const rule = (ruleId: string, status: CisRuleStatus, byte: number) =>
    create(CisSessionMessageSchema, { ruleId, status, cisRuleDetails: new Uint8Array([byte]) });

  function report(messages: ReturnType<typeof rule>[], before: CisDecision | undefined = undefined) {
    const last = before === undefined ? undefined : nextOf(before);
    const present = last === undefined ? presentIn("STARTED") : { record: last.record, dueAt: last.dueAt };
    const kept = (ruleId: string) => last?.findings.find((finding) => finding.ruleId === ruleId);
    const input = { scanJobId, sessionToken: mine, messages, kept };
    return decideCis(telemetryTransitions, present, input, policy, now);
  }

  test("the last message of a rule wins, within a batch and over what was kept, and the counts follow", () => {
    const first = report([rule("a", PASSED, 1), rule("b", CisRuleStatus.ERROR, 2), rule("a", CisRuleStatus.FAILED, 3)]);
    expect(nextOf(first).findings.map(({ ruleId, cisRuleDetails }) => [ruleId, cisRuleDetails?.[0]])).toEqual([
      ["a", 3],
      ["b", 2],
    ]);
    expect(nextOf(first).record.session?.received).toMatchObject({ totalChecks: 2, failedChecks: 1, errorChecks: 1 });
    const second = report([rule("a", PASSED, 4), rule("c", PASSED, 5)], first);
    expect(nextOf(second).record.session?.received).toMatchObject({
      totalChecks: 3,
      successfulChecks: 2,
      failedChecks: 0,
      errorChecks: 1,
    });
  });

  test("past the limit the batch is refused as invalid; replacing at the limit is not", () => {
    const full = report([rule("a", PASSED, 1), rule("b", PASSED, 2), rule("c", PASSED, 3)]);
    expect(outcomeOf(report([rule("d", PASSED, 4)], full), undefined)).toBe("invalid");
    expect(outcomeOf(report([rule("c", CisRuleStatus.FAILED, 4)], full), undefined)).toBe("STARTED 1");
  });
});

function nextOf(decision: CisDecision) {
  if ("refuse" in decision) {
    throw decision.refuse;
  }
  return decision.next;
}
