import { create, equals } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type CisFinding,
  type CisSession,
  type CisSessionMessage,
  CisSessionSchema,
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
import { type CisSessionRecord, CisSessionRecordSchema } from "../gen/sessiongateway/store/v1/records_pb.ts";
import { mergeFindings } from "./cis-findings.ts";
import { GatewayError } from "./errors.ts";
import { hashSessionToken, isSessionToken } from "./session-token.ts";

/** What an operator decides about CIS sessions. */
export interface CisPolicy {
  /** A started session from which nothing was heard for this long is lost. 0: never. */
  readonly heartbeatTimeoutMs: number;
  /** `open`: agents may start any scan job. `registered`: only those that CreateCisScanJob made. */
  readonly scanJobs: "open" | "registered";
  /** How many findings an attempt may hold. */
  readonly maxFindingsPerSession: number;
}

/** The present: the kept record and when it falls due, or nothing where the scan job is unknown. */
export interface CisPresent {
  readonly record: CisSessionRecord;
  /** Unix milliseconds. */
  readonly dueAt: number | undefined;
}

/** What becomes of a session: the record to keep, the findings to keep with it, and when it next falls due. */
export interface CisNext {
  readonly record: CisSessionRecord;
  readonly findings: readonly CisFinding[];
  /** Unix milliseconds. */
  readonly dueAt: number | undefined;
}

/** A decision about a session: refused, or what it next is. A session that stays as it is keeps its very record. */
export type CisDecision = { readonly refuse: GatewayError } | { readonly next: CisNext };

/** The session of a present, for which PENDING stands before the first Start. */
interface Situation<Input> {
  readonly present: CisPresent | undefined;
  readonly session: CisSession;
  readonly input: Input;
  readonly policy: CisPolicy;
  /** Unix milliseconds. */
  readonly now: number;
}

/** One row of the state table: in these states, where `when` holds, `apply` decides. The first row that fits counts. */
export interface CisTransition<Input> {
  readonly from: readonly State[];
  readonly when?: (situation: Situation<Input>) => boolean;
  /** The state that it leads to. Absent where the row refuses. */
  readonly to?: State;
  readonly apply: (situation: Situation<Input>) => CisDecision;
}

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

/**
 * Decides by a state table: the first row whose states and condition fit.
 *
 * @param now Unix milliseconds.
 */
export function decideCis<Input extends { readonly scanJobId: string }>(
  transitions: readonly CisTransition<Input>[],
  present: CisPresent | undefined,
  input: Input,
  policy: CisPolicy,
  now: number,
): CisDecision {
  const session = present?.record.session ?? create(CisSessionSchema, { scanJobId: input.scanJobId });
  const situation = { present, session, input, policy, now };
  const row = transitions.find(({ from, when }) => from.includes(session.state) && (when?.(situation) ?? true));
  if (row === undefined) {
    throw new GatewayError("internal", "The session is in a state that no rule covers.", {
      cause: new Error(`no transition for the CIS session state ${session.state}`),
    });
  }
  return row.apply(situation);
}

/** What Health, Telemetry and Stop refuse before anything else: an agent that never started, or that is another one. */
function agentRefusals<Input extends { readonly scanJobId: string; readonly sessionToken: string }>(): readonly [
  CisTransition<Input>,
  CisTransition<Input>,
] {
  return [
    {
      from: [UNKNOWN, PENDING],
      apply: ({ session }) => ({ refuse: sessionNotFound(session.scanJobId) }),
    },
    {
      from: [STARTED, STOPPED, LOST],
      when: ({ present, input }) => !isSessionToken(input.sessionToken, tokenHash(present)),
      apply: () => ({ refuse: new GatewayError("denied", "The session token is not that of the session.") }),
    },
  ];
}

/** The failure of a call about a scan job that has no session. */
export function sessionNotFound(scanJobId: string): GatewayError {
  const description = "No CIS session has been started for this scan job.";
  return new GatewayError("notFound", description, {
    resource: { type: "CIS_SESSION", id: scanJobId },
    fields: [{ field: "scan_job_id", description }],
  });
}

function conflict(scanJobId: string, message: string): GatewayError {
  return new GatewayError("conflict", message, { resource: { type: "CIS_SESSION", id: scanJobId } });
}

function startsWithSameToken({ present, input }: Situation<StartCisSessionRequest>): boolean {
  return isSessionToken(input.message?.sessionToken ?? "", tokenHash(present));
}

function tokenHash(present: CisPresent | undefined): Uint8Array {
  return present?.record.sessionTokenHash ?? new Uint8Array();
}

function isSameResult(kept: StopCisSessionMessage | undefined, given: StopCisSessionMessage | undefined): boolean {
  return kept !== undefined && given !== undefined && equals(StopCisSessionMessageSchema, kept, given);
}

function beginAttempt({ session, input, policy, now }: Situation<StartCisSessionRequest>): CisDecision {
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

function hear(situation: Situation<unknown>): CisDecision {
  return change(situation, { state: STARTED, lastSeenAt: seenAt(situation) }, aliveDueAt(situation));
}

function keepFindings(situation: Situation<TelemetryInput>): CisDecision {
  const { session, input, policy, now } = situation;
  const { findings, received } = mergeFindings(input.messages, session.received, input.kept, session.attempt, now);
  if (received.totalChecks > policy.maxFindingsPerSession) {
    const description = `The session would hold more than ${policy.maxFindingsPerSession} findings.`;
    return { refuse: new GatewayError("invalid", description, { fields: [{ field: "messages", description }] }) };
  }
  const fields = { state: STARTED, lastSeenAt: seenAt(situation), received };
  return change(situation, fields, aliveDueAt(situation), findings);
}

function stopAttempt(situation: Situation<StopCisSessionRequest>): CisDecision {
  const at = seenAt(situation);
  const fields = { state: STOPPED, lastSeenAt: at, stoppedAt: at, result: situation.input.message };
  return change(situation, fields, undefined);
}

function isSilent({ session, policy, now }: Situation<unknown>): boolean {
  return policy.heartbeatTimeoutMs > 0 && now >= lastSeenMs(session) + policy.heartbeatTimeoutMs;
}

/** The session was heard since its timer was set, which hearing leaves alone, so the timer is set anew. */
function rescheduleHeartbeat({ present, session, policy }: Situation<unknown>): CisDecision {
  return reschedule(present, heartbeatDueAt(lastSeenMs(session), policy));
}

function unschedule({ present }: Situation<unknown>): CisDecision {
  return reschedule(present, undefined);
}

function reschedule(present: CisPresent | undefined, dueAt: number | undefined): CisDecision {
  if (present === undefined) {
    return { refuse: new GatewayError("notFound", "There is no such session.") };
  }
  return { next: { record: present.record, findings: [], dueAt } };
}

function keep({ present }: Situation<unknown>): CisDecision {
  return reschedule(present, present?.dueAt);
}

function change(
  { present, session }: Situation<unknown>,
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
function seenAt({ session, now }: Situation<unknown>): Timestamp {
  return timestampFromMs(Math.max(now, lastSeenMs(session)));
}

function lastSeenMs(session: CisSession): number {
  return session.lastSeenAt === undefined ? 0 : timestampMs(session.lastSeenAt);
}

/** When a session that was just heard falls due: at the timer that is set, for moving it on every call would cost a write. */
function aliveDueAt({ present, policy, now }: Situation<unknown>): number | undefined {
  return present?.dueAt ?? heartbeatDueAt(now, policy);
}

function heartbeatDueAt(seenMs: number, policy: CisPolicy): number | undefined {
  return policy.heartbeatTimeoutMs > 0 ? seenMs + policy.heartbeatTimeoutMs : undefined;
}
