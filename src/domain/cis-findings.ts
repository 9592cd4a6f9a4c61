import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type CisFinding,
  CisFindingSchema,
  CisRuleStatus,
  type CisSessionMessage,
  type StopCisMessageProgress,
  StopCisMessageProgressSchema,
} from "../gen/sessiongateway/cis/v1/cis_session_pb.ts";

type StatusCount = Exclude<keyof StopCisMessageProgress, "$typeName" | "$unknown" | "totalChecks">;

const countOfStatus: Readonly<Record<number, StatusCount>> = {
  [CisRuleStatus.FAILED]: "failedChecks",
  [CisRuleStatus.PASSED]: "successfulChecks",
  [CisRuleStatus.NOT_EVALUATED]: "notEvaluatedChecks",
  [CisRuleStatus.INFORMATIONAL]: "informationalChecks",
  [CisRuleStatus.UNKNOWN]: "unknownChecks",
  [CisRuleStatus.NOT_APPLICABLE]: "notApplicableChecks",
  [CisRuleStatus.ERROR]: "errorChecks",
};

/** What a batch of telemetry comes to: the findings to keep and the counts of the attempt with them. */
export interface MergedFindings {
  readonly findings: readonly CisFinding[];
  readonly received: StopCisMessageProgress;
}

/**
 * Merges a batch of messages into an attempt: keyed by rule id, the last message of a rule wins, over the batch and
 * over what was kept before.
 *
 * @param before The counts so far.
 * @param kept The finding that is kept for a rule, if any.
 */
export function mergeFindings(
  messages: readonly CisSessionMessage[],
  before: StopCisMessageProgress | undefined,
  kept: (ruleId: string) => CisFinding | undefined,
  attempt: number,
  now: number,
): MergedFindings {
  // create() would hand back the very message that the store keeps.
  const received = before === undefined ? create(StopCisMessageProgressSchema) : { ...before };
  const receivedAt = timestampFromMs(now);
  const findings = new Map<string, CisFinding>();
  for (const { ruleId, status, cisRuleDetails = new Uint8Array() } of messages) {
    const replaced = findings.get(ruleId) ?? kept(ruleId);
    if (replaced !== undefined) {
      count(received, replaced.status, -1);
    }
    count(received, status, 1);
    findings.set(ruleId, create(CisFindingSchema, { ruleId, status, cisRuleDetails, attempt, receivedAt }));
  }
  return { findings: [...findings.values()], received };
}

function count(progress: StopCisMessageProgress, status: number, change: 1 | -1): void {
  progress.totalChecks += change;
  const member = countOfStatus[status];
  if (member !== undefined) {
    progress[member] += change;
  }
}
