import { create } from "@bufbuild/protobuf";
import {
  type CisFinding,
  type CisSession,
  CisSessionSchema,
  type CisSessionState,
} from "../gen/sessiongateway/cis/v1/cis_session_pb.ts";
import type { CisSessionRecord } from "../gen/sessiongateway/store/v1/records_pb.ts";
import type { GatewayError } from "./errors.ts";
import { decideByTable, type Transition } from "./transition.ts";

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
export interface CisSituation<Input> {
  readonly present: CisPresent | undefined;
  readonly session: CisSession;
  readonly input: Input;
  readonly policy: CisPolicy;
  /** Unix milliseconds. */
  readonly now: number;
}

/** One row of a state table of CIS sessions. */
export type CisTransition<Input> = Transition<CisSessionState, CisSituation<Input>, CisDecision>;

/**
 * Decides about a session by a state table.
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
  return decideByTable(transitions, session.state, situation);
}
