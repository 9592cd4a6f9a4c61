import { randomUUID } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  CisRuleStatus,
  type CisSessionMessageSchema,
  type StopCisSessionMessageSchema,
  StopCisSessionStatus,
} from "../../src/gen/sessiongateway/cis/v1/cis_session_pb.ts";

/** A scan job and the agent that runs it. */
export interface Agent {
  readonly scanJobId: string;
  readonly sessionToken: string;
}

export function newAgent(scanJobId: string = randomUUID()): Agent {
  return { scanJobId, sessionToken: randomUUID() };
}

export const statuses = [
  CisRuleStatus.FAILED,
  CisRuleStatus.PASSED,
  CisRuleStatus.NOT_EVALUATED,
  CisRuleStatus.INFORMATIONAL,
  CisRuleStatus.UNKNOWN,
  CisRuleStatus.NOT_APPLICABLE,
  CisRuleStatus.ERROR,
] as const;

/** A batch of results: rules `first` to `first + count - 1`, whose statuses go round. */
export function messages(first: number, count: number): MessageInitShape<typeof CisSessionMessageSchema>[] {
  return Array.from({ length: count }, (_, index) => ({
    ruleId: `1.${first + index}`,
    status: statuses[(first + index) % statuses.length] ?? CisRuleStatus.PASSED,
    cisRuleDetails: new TextEncoder().encode(`details of rule ${first + index}`),
  }));
}

export const result: MessageInitShape<typeof StopCisSessionMessageSchema> = {
  status: StopCisSessionStatus.SUCCESS,
  reason: "done",
  progress: { totalChecks: 10, successfulChecks: 7, failedChecks: 2, errorChecks: 1 },
  computePlatform: { vendor: "canonical", product: "ubuntu", version: "20.04" },
  benchmarkVersion: "2.0.0",
  benchmarkProfile: "xccdf_org.cisecurity.benchmarks_profile_Level_1",
};
