import { create, equals } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type CisFinding,
  type CisSession,
  type CisSessionMessage,
  CisSessionState as State,
  type StopCisSessionMessage,
  StopCisSessionMessageSchema,
  StopCisSessionStatus,
} from "../gen/sessiongateway/cis/v1/cis_session_pb.ts";
import type {
  SendCisSessionHealthRequest,
  StartCisSessionRequest,
  StopCisSessionRequest,
} from "../gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { CisSessionRecordSchema } from "../gen/sessiongateway/store/v1/records_pb.ts";
import { mergeFindings } from "./cis-findings.ts";
import type { CisDecision, CisPolicy, CisPresent, CisSituation, CisTransition } from "./cis-transition.ts";
import { GatewayError } from "./errors.ts";
import { hashSessionToken, isSessionToken } from "./session-token.ts";

/** How often a session is looked at where sessions are never lost, in milliseconds. */
const withoutTimeoutMs = 3_600_000;

const { UNSPECIFIED: UNKNOWN, PENDING, STARTED, STOPPED, LOST } = State;

/** CreateCisScanJob. */
export const createTransitions: readonly CisTransition<{ readonly scanJobId: string }>[] = [
  {
    from: [UNKNOWN],
    to: PENDING,
    apply: ({ input, now }) => ({
      next: {
        record: create(CisSessionRecordSchema, {
          session: { scanJobId: input.scanJobId, state: PENDING, createdAt: timestampFromMs(now) },
        }),
        findings: [],
        dueAt: undefined,
      },
    }),
  },
  {
    from: [PENDING, STARTED, STOPPED, LOST],
    apply: ({ session }) => ({ refuse: conflict(session.scanJobId, "The scan job exists already.") }),
  },
];

/** StartCisSession. */
export const startTransitions: readonly CisTransition<StartCisSessionRequest>[] = [
  {
    from: [UNKNOWN],
    when: ({ policy }) => policy.scanJobs === "registered",
    apply: () => ({ refuse: new GatewayError("denied", "The scan job is not registered.") }),
  },
  { from: [UNKNOWN, PENDING], to: STARTED, apply: beginAttempt },
  { from: [STARTED, LOST], when: startsWithSameToken, to: STARTED, apply: hear },
  {
    from: [STARTED],
    apply: ({ session }) => ({ refuse: conflict(session.scanJobId, "Another agent has started the scan job.") }),
  },
  { from: [LOST], to: STARTED, apply: beginAttempt },
  {
    from: [STOPPED],
    when: (situation) =>
      situation.session.result?.status === StopCisSessionStatus.INTERRUPTED && !startsWithSameToken(situation),
    to: STARTED,
    apply: beginAttempt,
  },
  {
    from: [STOPPED],
    apply: ({ session }) => ({ refuse: conflict(session.scanJobId, "The session has been stopped.") }),
  },
];

/** SendCisSessionHealth. */
export const healthTransitions: readonly CisTransition<SendCisSessionHealthRequest>[] = [
  ...agentRefusals<SendCisSessionHealthRequest>(),
  { from: [STARTED, LOST], to: STARTED, apply: hear },
  {
    from: [STOPPED],
    apply: ({ session }) => ({ refuse: conflict(session.scanJobId, "The session has been stopped.") }),
  },
];

/** A telemetry request with the findings that its attempt holds for its rules. */
export interface TelemetryInput {
  readonly scanJobId: string;
  readonly sessionToken: string;
  readonly messages: readonly CisSessionMessage[];
  readonly kept: (ruleId: string) => CisFinding | undefined;
}

/** SendCisSessionTelemetry. */
export const telemetryTransitions: readonly CisTransition<TelemetryInput>[] = [
  ...agentRefusals<TelemetryInput>(),
  { from: [STARTED, LOST], to: STARTED, apply: keepFindings },
  {
    from: [STOPPED],
    apply: ({ session }) => ({ refuse: conflict(session.scanJobId, "The session has been stopped.") }),
  },
];

/** StopCisSession. */
export const stopTransitions: readonly CisTransition<StopCisSessionRequest>[] = [
  ...agentRefusals<StopCisSessionRequest>(),
  { from: [STARTED, LOST], to: STOPPED, apply: stopAttempt },
  {
    from: [STOPPED],
    when: ({ session, input }) => isSameResult(session.result, input.message),
    to: STOPPED,
    apply: keep,
  },
  {
    from: [STOPPED],
    apply: ({ session }) => ({
      refuse: conflict(session.scanJobId, "The session has been stopped with another message."),
    }),
  },
];

/** The heartbeat timer fell due. */
export const heartbeatTransitions: readonly CisTransition<{ readonly scanJobId: string }>[] = [
  { from: [STARTED], when: isSilent, to: LOST, apply: (situation) => change(situation, { state: LOST }, undefined) },
  { from: [STARTED], to: STARTED, apply: rescheduleHeartbeat },
  { from: [UNKNOWN, PENDING, STOPPED, LOST], apply: unschedule },
];

/** What Health, Telemetry and Stop refuse before anything else: an agent that never started, or that is another one. */
function agentRefusals<Input extends { readonly scanJobId: string; readonly sessionToken: string }>(): readonly [
  CisTransition<Input>,
  CisTransition<Input>,
] {
  return [
    {
      from: [UNKNOWN, PENDING],
      apply: ({ session }) => ({
        refuse: sessionNotFound(session.scanJobId, "No CIS session has been started for this scan job."),
      }),
    },
    {
      from: [STARTED, STOPPED, LOST],
      when: ({ present, input }) => !isSessionToken(input.sessionToken, tokenHash(present)),
      apply: () => ({ refuse: new GatewayError("denied", "The session token is not that of the session.") }),
    },
  ];
}

/** The failure of a call about a scan job that is unknown, or in the words of the call. */
export function sessionNotFound(scanJobId: string, description = "This scan job is unknown."): GatewayError {
  return new GatewayError("notFound", description, {
    resource: { type: "CIS_SESSION", id: scanJobId },
    fields: [{ field: "scan_job_id", description }],
  });
}

function conflict(scanJobId: string, message: string): GatewayError {
  return new GatewayError("conflict", message, { resource: { type: "CIS_SESSION", id: scanJobId } });
}

function startsWithSameToken({ present, input }: CisSituation<StartCisSessionRequest>): boolean {
  return isSessionToken(input.message?.sessionToken ?? "", tokenHash(present));
}

function tokenHash(present: CisPresent | undefined): Uint8Array {
  return present?.record.sessionTokenHash ?? new Uint8Array();
}

function isSameResult(kept: StopCisSessionMessage | undefined, given: StopCisSessionMessage | undefined): boolean {
  return kept !== undefined && given !== undefined && equals(StopCisSessionMessageSchema, kept, given);
}

function beginAttempt({ session, input, policy, now }: CisSituation<StartCisSessionRequest>): CisDecision {
  const at = timestampFromMs(now);
  const record = create(CisSessionRecordSchema, {
    session: {
      scanJobId: session.scanJobId,
      state: STARTED,
      attempt: session.attempt + 1,
      createdAt: session.createdAt ?? at,
      startedAt: at,
      lastSeenAt: at,
      received: {},
    },
    sessionTokenHash: hashSessionToken(input.message?.sessionToken ?? ""),
  });
  return { next: { record, findings: [], dueAt: heartbeatDueAt(now, policy) } };
}

function hear(situation: CisSituation<unknown>): CisDecision {
  return change(situation, { state: STARTED, lastSeenAt: seenAt(situation) }, aliveDueAt(situation));
}

function keepFindings(situation: CisSituation<TelemetryInput>): CisDecision {
  const { session, input, policy, now } = situation;
  const { findings, received } = mergeFindings(input.messages, session.received, input.kept, session.attempt, now);
  if (received.totalChecks > policy.maxFindingsPerSession) {
    const description = `The session would hold more than ${policy.maxFindingsPerSession} findings.`;
    return { refuse: new GatewayError("invalid", description, { fields: [{ field: "messages", description }] }) };
  }
  const fields = { state: STARTED, lastSeenAt: seenAt(situation), received };
  return change(situation, fields, aliveDueAt(situation), findings);
}

function stopAttempt(situation: CisSituation<StopCisSessionRequest>): CisDecision {
  const at = seenAt(situation);
  const fields = { state: STOPPED, lastSeenAt: at, stoppedAt: at, result: situation.input.message };
  return change(situation, fields, undefined);
}

function isSilent({ session, policy, now }: CisSituation<unknown>): boolean {
  return policy.heartbeatTimeoutMs > 0 && now >= lastSeenMs(session) + policy.heartbeatTimeoutMs;
}

/**
 * The session was heard since its timer was set, which hearing leaves alone, or sessions are never lost for now: the timer is
 * set anew.
 */
function rescheduleHeartbeat({ present, session, policy, now }: CisSituation<unknown>): CisDecision {
  return reschedule(present, heartbeatDueAt(policy.heartbeatTimeoutMs > 0 ? lastSeenMs(session) : now, policy));
}

function unschedule({ present }: CisSituation<unknown>): CisDecision {
  return reschedule(present, undefined);
}

function reschedule(present: CisPresent | undefined, dueAt: number | undefined): CisDecision {
  if (present === undefined) {
    return { refuse: new GatewayError("notFound", "There is no such session.") };
  }
  return { next: { record: present.record, findings: [], dueAt } };
}

function keep({ present }: CisSituation<unknown>): CisDecision {
  return reschedule(present, present?.dueAt);
}

function change(
  { present, session }: CisSituation<unknown>,
  fields: Partial<CisSession>,
  dueAt: number | undefined,
  findings: readonly CisFinding[] = [],
): CisDecision {
  const record = create(CisSessionRecordSchema, {
    session: { ...session, ...fields },
    sessionTokenHash: tokenHash(present) as Uint8Array<ArrayBuffer>,
  });
  return { next: { record, findings, dueAt } };
}

/** Now, or when the agent was last heard where the clock has gone back since. */
function seenAt({ session, now }: CisSituation<unknown>): Timestamp {
  return timestampFromMs(Math.max(now, lastSeenMs(session)));
}

function lastSeenMs(session: CisSession): number {
  return session.lastSeenAt === undefined ? 0 : timestampMs(session.lastSeenAt);
}

/** When a session that was just heard falls due: at the timer that is set, for moving it on every call would cost a write. */
function aliveDueAt({ present, policy, now }: CisSituation<unknown>): number {
  return present?.dueAt ?? heartbeatDueAt(now, policy);
}

/** Without a time-out the session falls due all the same, so that one that is set later finds it. */
function heartbeatDueAt(fromMs: number, policy: CisPolicy): number {
  return fromMs + (policy.heartbeatTimeoutMs || withoutTimeoutMs);
}
