import { randomUUID } from "node:crypto";
import type { DescMessage, DescMethodUnary, JsonValue, MessageInitShape } from "@bufbuild/protobuf";
import { toJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Gateway } from "../../src/gateway.ts";
import { CisRuleStatus, StopCisSessionStatus } from "../../src/gen/sessiongateway/cis/v1/cis_session_pb.ts";
import { CisSessionService } from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { type Agent, messages, newAgent, result } from "../support/cis-fixtures.ts";
import { openGateway } from "../support/gateway.ts";
import { type Answer, rpcClients } from "../support/rpc-client.ts";

const { method } = CisSessionService;

/** One call of the life of a scan, and what it comes to in every protocol. */
interface Step {
  readonly does: string;
  readonly method: DescMethodUnary;
  readonly request: MessageInitShape<DescMessage>;
  /** Members that the answer must have, or the error. */
  readonly expect: Record<string, JsonValue> | { readonly code: string; readonly details: Record<string, unknown> };
}

function step<Input extends DescMessage, Output extends DescMessage>(
  does: string,
  rpc: DescMethodUnary<Input, Output>,
  request: MessageInitShape<Input>,
  expected: Step["expect"] = {},
): Step {
  return { does, method: rpc as unknown as DescMethodUnary, request, expect: expected };
}

const refused = (code: string, details: Record<string, unknown> = {}) => ({ code, details });
const conflict = ({ scanJobId }: Agent) =>
  refused("FailedPrecondition", {
    ResourceInfo: expect.objectContaining({ resourceType: "CIS_SESSION", resourceName: scanJobId }),
  });
const notFound = ({ scanJobId }: Agent) =>
  refused("NotFound", {
    ResourceInfo: expect.objectContaining({ resourceType: "CIS_SESSION", resourceName: scanJobId }),
    BadRequest: { fieldViolations: [expect.objectContaining({ field: "scan_job_id" })] },
  });
const invalid = (...fields: string[]) =>
  refused("InvalidArgument", {
    BadRequest: { fieldViolations: fields.map((field) => expect.objectContaining({ field })) },
  });

/** The whole life of a scan, with every refusal on its way. */
function lifeOfAScan(agent: Agent): readonly Step[] {
  const { scanJobId } = agent;
  const start = { scanJobId, message: { sessionToken: agent.sessionToken } };
  const intruder = { scanJobId, sessionToken: randomUUID() };
  const otherResult = { ...result, reason: "another reason" };
  return [
    step(
      "a call without members names each that is missing",
      method.startCisSession,
      {},
      invalid("scan_job_id", "message"),
    ),
    step(
      "limits are checked, all at once and in depth",
      method.sendCisSessionTelemetry,
      {
        scanJobId: "not-a-uuid",
        sessionToken: agent.sessionToken,
        messages: [
          { ruleId: "x".repeat(501), status: CisRuleStatus.PASSED, cisRuleDetails: new Uint8Array(1001) },
          { ruleId: "1", status: 99 as CisRuleStatus },
        ],
      },
      invalid(
        "scan_job_id",
        "messages[0].rule_id",
        "messages[0].cis_rule_details",
        "messages[1].status",
        "messages[1].cis_rule_details",
      ),
    ),
    step(
      "151 messages are too many",
      method.sendCisSessionTelemetry,
      { ...agent, messages: messages(0, 151) },
      invalid("messages"),
    ),
    step("an unknown scan job", method.getCisSession, { scanJobId }, notFound(agent)),
    step("health before start", method.sendCisSessionHealth, agent, notFound(agent)),
    step("stop before start", method.stopCisSession, { ...agent, message: result }, notFound(agent)),
    step(
      "the job is ordered",
      method.createCisScanJob,
      { scanJobId },
      {
        session: expect.objectContaining({ scanJobId, state: "CIS_SESSION_STATE_PENDING" }),
      },
    ),
    step("it is ordered once", method.createCisScanJob, { scanJobId }, conflict(agent)),
    step(
      "telemetry before start",
      method.sendCisSessionTelemetry,
      { ...agent, messages: messages(0, 1) },
      notFound(agent),
    ),
    step("the agent starts", method.startCisSession, start),
    step("the agent starts again", method.startCisSession, start),
    step(
      "another agent starts",
      method.startCisSession,
      { scanJobId, message: { sessionToken: intruder.sessionToken } },
      conflict(agent),
    ),
    step("the agent is alive", method.sendCisSessionHealth, agent),
    step("another agent is alive", method.sendCisSessionHealth, intruder, refused("PermissionDenied")),
    step("150 findings", method.sendCisSessionTelemetry, { ...agent, messages: messages(0, 150) }),
    step("150 more", method.sendCisSessionTelemetry, { ...agent, messages: messages(150, 150) }),
    step("ten again", method.sendCisSessionTelemetry, { ...agent, messages: messages(150, 10) }),
    step(
      "findings of another agent",
      method.sendCisSessionTelemetry,
      { ...intruder, messages: messages(0, 1) },
      refused("PermissionDenied"),
    ),
    step(
      "the session shows what was received",
      method.getCisSession,
      { scanJobId },
      {
        session: expect.objectContaining({
          state: "CIS_SESSION_STATE_STARTED",
          attempt: 1,
          received: expect.objectContaining({ totalChecks: 300 }),
        }),
      },
    ),
    step(
      "a page of findings",
      method.listCisFindings,
      { scanJobId, pageSize: 2, statuses: [CisRuleStatus.ERROR] },
      {
        findings: [
          expect.objectContaining({ ruleId: "1.104", status: "CIS_RULE_STATUS_ERROR" }),
          expect.objectContaining({ ruleId: "1.111" }),
        ],
        nextPageToken: expect.any(String),
      },
    ),
    step(
      "a token that was never given out",
      method.listCisFindings,
      { scanJobId, pageToken: "nonsense" },
      invalid("page_token"),
    ),
    step("the agent stops", method.stopCisSession, { ...agent, message: result }),
    step("the agent stops again", method.stopCisSession, { ...agent, message: result }),
    step("the agent stops otherwise", method.stopCisSession, { ...agent, message: otherResult }, conflict(agent)),
    step("health after stop", method.sendCisSessionHealth, agent, conflict(agent)),
    step(
      "telemetry after stop",
      method.sendCisSessionTelemetry,
      { ...agent, messages: messages(0, 1) },
      conflict(agent),
    ),
    step("start after stop", method.startCisSession, start, conflict(agent)),
    step(
      "the result",
      method.getCisSession,
      { scanJobId },
      {
        session: expect.objectContaining({
          state: "CIS_SESSION_STATE_STOPPED",
          result: expect.objectContaining({ status: "STOP_CIS_SESSION_STATUS_SUCCESS", reason: "done" }),
        }),
      },
    ),
    step(
      "it is the newest of those that succeeded",
      method.listCisSessions,
      { pageSize: 1, stopStatuses: [StopCisSessionStatus.SUCCESS] },
      { sessions: [expect.objectContaining({ scanJobId })] },
    ),
  ];
}

function inJson(answer: Answer, { method: { output } }: Step): unknown {
  return "ok" in answer ? toJson(output, answer.ok) : answer;
}

describe("the life of a scan", async () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await openGateway();
  });
  afterAll(() => gateway.close());

  const names = rpcClients("http://127.0.0.1").map((client) => {
    client.close();
    return client.name;
  });

  test.each(names)("%s: every call has the answer, code and details of the table", async (name) => {
    const clients = rpcClients(gateway.url);
    const client = clients.find((candidate) => candidate.name === name);
    const agent = newAgent();
    try {
      for (const each of lifeOfAScan(agent)) {
        const answer = await client?.call(each.method, each.request);
        expect({ does: each.does, answer: inJson(answer as Answer, each) }).toEqual({
          does: each.does,
          answer: expect.objectContaining(each.expect),
        });
        expect(JSON.stringify(answer, (_, value) => (typeof value === "bigint" ? String(value) : value))).not.toContain(
          agent.sessionToken,
        );
      }
    } finally {
      for (const opened of clients) {
        opened.close();
      }
    }
  });
});
