import { CisFindingSchema, StopCisSessionStatus } from "../gen/sessiongateway/cis/v1/cis_session_pb.ts";
import { CisSessionRecordSchema } from "../gen/sessiongateway/store/v1/records_pb.ts";
import { type RecordKind, type RecordRef, recordKind } from "./record-kind.ts";

/** CIS sessions, by scan job. */
export const cisSessions = recordKind({
  name: "cis_session",
  desc: CisSessionRecordSchema,
  key: [{ name: "scan_job_id", type: "uuid" }],
  columns: [
    { name: "state", type: "integer", of: (record) => record.session?.state ?? 0 },
    {
      name: "stop_status",
      type: "integer",
      of: (record) => record.session?.result?.status ?? StopCisSessionStatus.UNSPECIFIED,
    },
  ],
  watched: true,
  timed: true,
});

/** CIS findings, by scan job, attempt and rule. */
export const cisFindings = recordKind({
  name: "cis_finding",
  desc: CisFindingSchema,
  key: [
    { name: "scan_job_id", type: "uuid" },
    { name: "attempt", type: "integer" },
    { name: "rule_id", type: "text" },
  ],
  columns: [{ name: "status", type: "integer", of: (finding) => finding.status }],
  watched: false,
  timed: false,
});

/** Every kind that the store keeps. Engines have a table for each. */
export const recordKinds: readonly RecordKind[] = [cisSessions, cisFindings];

/** The name of a scan job's session. */
export function cisSessionRef(scanJobId: string): RecordRef<typeof CisSessionRecordSchema> {
  return { kind: cisSessions, key: [scanJobId] };
}

/** The name of a rule's finding in an attempt of a scan job. */
export function cisFindingRef(scanJobId: string, attempt: number, ruleId: string): RecordRef<typeof CisFindingSchema> {
  return { kind: cisFindings, key: [scanJobId, attempt, ruleId] };
}
