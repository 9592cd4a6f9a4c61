import {
  type CisDecision,
  type CisPolicy,
  type CisPresent,
  type CisTransition,
  decideCis,
} from "../domain/cis-transition.ts";
import type { CisSession } from "../gen/sessiongateway/cis/v1/cis_session_pb.ts";
import { cisFindingRef, cisSessionRef } from "../store/record-kinds.ts";
import { type Decision, type LoadedRecords, put, type SessionStore } from "../store/session-store.ts";
import type { Clock } from "./clock.ts";

/** The CIS sessions of a store, decided by the domain. */
export interface CisSessions {
  /**
   * Decides about the session of a scan job by a state table, keeps what comes of it, and resolves to the session as
   * it then is.
   *
   * @throws GatewayError what the table refuses.
   */
  decide<Input extends { readonly scanJobId: string }>(
    transitions: readonly CisTransition<Input>[],
    input: Input,
  ): Promise<CisSession | undefined>;

  /**
   * The same, where what is decided also depends on findings of the present attempt: `inputOf` is given a function that
   * tells the attempt's finding of one of `ruleIds`.
   */
  decideWithFindings<Input extends { readonly scanJobId: string }>(
    transitions: readonly CisTransition<Input>[],
    scanJobId: string,
    ruleIds: readonly string[],
    inputOf: (kept: KeptFinding) => Input,
  ): Promise<CisSession | undefined>;
}

type KeptFinding = (ruleId: string) => ReturnType<typeof findingOf>;

export function createCisSessions(store: SessionStore, policy: CisPolicy, clock: Clock): CisSessions {
  return {
    decide(transitions, input) {
      const ref = cisSessionRef(input.scanJobId);
      return store.update([ref], (records) => {
        const present = presentOf(records, input.scanJobId);
        return toStore(present, decideCis(transitions, present, input, policy, clock()));
      });
    },

    decideWithFindings(transitions, scanJobId, ruleIds, inputOf) {
      return store.update([cisSessionRef(scanJobId)], (records) => {
        const present = presentOf(records, scanJobId);
        const attempt = present?.record.session?.attempt ?? 0;
        const need = records.missing(ruleIds.map((ruleId) => cisFindingRef(scanJobId, attempt, ruleId)));
        if (attempt > 0 && need.length > 0) {
          return { need };
        }
        const input = inputOf((ruleId) => findingOf(records, scanJobId, attempt, ruleId));
        return toStore(present, decideCis(transitions, present, input, policy, clock()));
      });
    },
  };
}

function presentOf(records: LoadedRecords, scanJobId: string): CisPresent | undefined {
  const loaded = records.get(cisSessionRef(scanJobId));
  return loaded && { record: loaded.message, dueAt: loaded.dueAt };
}

function findingOf(records: LoadedRecords, scanJobId: string, attempt: number, ruleId: string) {
  return records.get(cisFindingRef(scanJobId, attempt, ruleId))?.message;
}

/** What the domain decided, as the store carries it out. */
function toStore(present: CisPresent | undefined, decision: CisDecision): Decision<CisSession | undefined> {
  if ("refuse" in decision) {
    return decision;
  }
  const { record, findings, dueAt } = decision.next;
  const { session } = record;
  if (record === present?.record && dueAt === present.dueAt) {
    return { put: [], reply: session };
  }
  const scanJobId = session?.scanJobId ?? "";
  const findingPuts = findings.map((finding) =>
    put(cisFindingRef(scanJobId, finding.attempt, finding.ruleId), finding),
  );
  return { put: [put(cisSessionRef(scanJobId), record, dueAt), ...findingPuts], reply: session };
}
