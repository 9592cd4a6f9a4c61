import { randomUUID } from "node:crypto";
import {
  AccessDeniedException,
  CisRuleStatus,
  ConflictException,
  Inspector2Client,
  SendCisSessionHealthCommand,
  SendCisSessionTelemetryCommand,
  StartCisSessionCommand,
  StopCisSessionCommand,
  type StopCisSessionMessage,
  ValidationException,
} from "@aws-sdk/client-inspector2";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Gateway } from "../../src/gateway.ts";
import {
  type CisFinding,
  CisRuleStatusSchema,
  CisSessionState,
  CisRuleStatus as Status,
} from "../../src/gen/sessiongateway/cis/v1/cis_session_pb.ts";
import { CisSessionService } from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { newAgent, statuses } from "../support/cis-fixtures.ts";
import { openGateway } from "../support/gateway.ts";

const result: StopCisSessionMessage = {
  status: "SUCCESS",
  progress: { totalChecks: 450, successfulChecks: 400, failedChecks: 50 },
  computePlatform: { vendor: "canonical", product: "ubuntu", version: "20.04" },
  benchmarkVersion: "2.0.0",
  benchmarkProfile: "xccdf_org.cisecurity.benchmarks_profile_Level_1",
};

let gateway: Gateway;
let agentClient: Inspector2Client;
beforeAll(async () => {
  gateway = await openGateway({ settings: { "cis.maxFindingsPerSession": "450" } });
  agentClient = clientOf(gateway);
});
afterAll(async () => {
  agentClient.destroy();
  await gateway.close();
});

function clientOf({ url }: Gateway): Inspector2Client {
  return new Inspector2Client({
    endpoint: url,
    region: "us-east-1",
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
  });
}

/** Findings with the AWS SDK's own names for statuses, which the gateway's enum names must equal. */
function findings(first: number, count: number) {
  const names = Object.values(CisRuleStatus);
  return Array.from({ length: count }, (_, index) => ({
    ruleId: `1.${first + index}`,
    status: names[(first + index) % names.length],
    cisRuleDetails: new TextEncoder().encode(`details of ${first + index}`),
  }));
}

async function failureOf(sent: Promise<unknown>): Promise<unknown> {
  return sent.then(
    () => new Error("it succeeded"),
    (error: unknown) => error,
  );
}

describe("an agent with the AWS SDK", () => {
  test("lives the whole life of a scan, and a gRPC client reads the result", async () => {
    const agent = newAgent();
    const { scanJobId, sessionToken } = agent;
    await agentClient.send(new StartCisSessionCommand({ scanJobId, message: { sessionToken } }));
    await agentClient.send(new SendCisSessionHealthCommand(agent));
    for (const first of [0, 150, 300]) {
      await agentClient.send(new SendCisSessionTelemetryCommand({ ...agent, messages: findings(first, 150) }));
    }
    const stopped = await agentClient.send(new StopCisSessionCommand({ ...agent, message: result }));
    expect(stopped.$metadata).toMatchObject({ httpStatusCode: 200, attempts: 1, requestId: expect.any(String) });

    const reader = createClient(CisSessionService, createGrpcTransport({ baseUrl: gateway.url }));
    const { session } = await reader.getCisSession({ scanJobId });
    expect(session).toMatchObject({ state: CisSessionState.STOPPED, attempt: 1, received: { totalChecks: 450 } });
    expect(session?.result).toMatchObject({ ...result, status: 1 });

    const read: CisFinding[] = [];
    for (let pageToken = "", more = true; more; more = pageToken !== "") {
      const page = await reader.listCisFindings({ scanJobId, pageSize: 200, pageToken });
      read.push(...page.findings);
      pageToken = page.nextPageToken;
    }
    const text = new TextDecoder();
    const kept = read.map(({ ruleId, status, cisRuleDetails }) => ({
      ruleId,
      status: CisRuleStatusSchema.value[status]?.localName,
      details: text.decode(cisRuleDetails),
    }));
    const sent = findings(0, 450).map(({ ruleId, status, cisRuleDetails }) => ({
      ruleId,
      status,
      details: text.decode(cisRuleDetails),
    }));
    expect(kept).toEqual(sent.sort((one, other) => (one.ruleId < other.ruleId ? -1 : 1)));
    const counted = Object.fromEntries(
      statuses.map((status) => [status, read.filter((each) => each.status === status).length]),
    );
    expect(session?.received).toMatchObject({
      failedChecks: counted[Status.FAILED],
      successfulChecks: counted[Status.PASSED],
      notEvaluatedChecks: counted[Status.NOT_EVALUATED],
      informationalChecks: counted[Status.INFORMATIONAL],
      unknownChecks: counted[Status.UNKNOWN],
      notApplicableChecks: counted[Status.NOT_APPLICABLE],
      errorChecks: counted[Status.ERROR],
    });
  });

  test("catches ConflictException by class, with the resource", async () => {
    const { scanJobId, sessionToken } = newAgent();
    await agentClient.send(new StartCisSessionCommand({ scanJobId, message: { sessionToken } }));
    const other = { scanJobId, message: { sessionToken: randomUUID() } };
    const error = await failureOf(agentClient.send(new StartCisSessionCommand(other)));
    expect(error).toBeInstanceOf(ConflictException);
    expect(error).toMatchObject({ resourceId: scanJobId, resourceType: "CIS_SESSION", $fault: "client" });
    expect(error).toMatchObject({ $metadata: { httpStatusCode: 409, attempts: 1 }, message: expect.any(String) });
  });

  test("catches ValidationException by class, with every field", async () => {
    const request = { scanJobId: "no-uuid", sessionToken: randomUUID(), messages: findings(0, 151) };
    const error = await failureOf(agentClient.send(new SendCisSessionTelemetryCommand(request)));
    expect(error).toBeInstanceOf(ValidationException);
    expect(error).toMatchObject({ reason: "FIELD_VALIDATION_FAILED" });
    expect((error as ValidationException).fields?.map(({ name }) => name)).toEqual(["scanJobId", "messages"]);
  });

  test("catches ValidationException with reason OTHER for a scan job that was never started", async () => {
    const error = await failureOf(agentClient.send(new SendCisSessionHealthCommand(newAgent())));
    expect(error).toBeInstanceOf(ValidationException);
    expect(error).toMatchObject({ reason: "OTHER", fields: [{ name: "scanJobId", message: expect.any(String) }] });
  });

  test("catches ValidationException with reason OTHER for too many findings, of which none is kept", async () => {
    const agent = newAgent();
    const { scanJobId, sessionToken } = agent;
    await agentClient.send(new StartCisSessionCommand({ scanJobId, message: { sessionToken } }));
    for (const first of [0, 150, 300]) {
      await agentClient.send(new SendCisSessionTelemetryCommand({ ...agent, messages: findings(first, 150) }));
    }
    const one = { ...agent, messages: findings(450, 1) };
    const error = await failureOf(agentClient.send(new SendCisSessionTelemetryCommand(one)));
    expect(error).toBeInstanceOf(ValidationException);
    expect(error).toMatchObject({ reason: "OTHER", fields: [{ name: "messages" }] });
    const reader = createClient(CisSessionService, createGrpcTransport({ baseUrl: gateway.url }));
    expect((await reader.getCisSession({ scanJobId })).session?.received?.totalChecks).toBe(450);
  });

  test("catches AccessDeniedException by class for the token of another agent", async () => {
    const { scanJobId, sessionToken } = newAgent();
    await agentClient.send(new StartCisSessionCommand({ scanJobId, message: { sessionToken } }));
    const error = await failureOf(
      agentClient.send(new SendCisSessionHealthCommand({ scanJobId, sessionToken: randomUUID() })),
    );
    expect(error).toBeInstanceOf(AccessDeniedException);
    expect(error).toMatchObject({ $metadata: { httpStatusCode: 403, attempts: 1 } });
    expect((error as Error).message).not.toContain(sessionToken);
  });

  test("may not start a scan job that was not ordered, where only ordered ones may be started", async () => {
    const strict = await openGateway({ settings: { "cis.scanJobs": "registered" } });
    const client = clientOf(strict);
    try {
      const { scanJobId, sessionToken } = newAgent();
      const start = new StartCisSessionCommand({ scanJobId, message: { sessionToken } });
      expect(await failureOf(client.send(start))).toBeInstanceOf(AccessDeniedException);
      await createClient(CisSessionService, createGrpcTransport({ baseUrl: strict.url })).createCisScanJob({
        scanJobId,
      });
      await client.send(start);
    } finally {
      client.destroy();
      await strict.close();
    }
  });
});
