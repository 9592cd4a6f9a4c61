// A controller for `session-gateway serve --provisioner external`: it watches the streaming sessions of a studio, does what each
// in-progress state asks for, and reports what came of it. The third argument is how long its work takes, in milliseconds.
//
//     node examples/external-controller/main.ts http://127.0.0.1:8080 studio-1 10

import { setTimeout as pause } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import {
  ProvisionerService,
  type ReportTransitionRequestSchema,
} from "../../src/gen/sessiongateway/streaming/v1/provisioner_service_pb.ts";
import {
  StreamingSessionState as State,
  StreamingSessionStatusCode as StatusCode,
  type StreamingSession,
  StreamingSessionStateSchema,
} from "../../src/gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import { StreamingSessionService } from "../../src/gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";

/** How long to wait before the watch or a report is tried again, in milliseconds. */
const retryMs = 1000;

/** How long a report may take to be answered, in milliseconds. */
const timeoutMs = 10_000;

const [baseUrl = "http://127.0.0.1:8080", studioId = "studio-1", workMs = "10"] = process.argv.slice(2);
// Without pings, a watch would wait for ever on a connection that is gone without a word.
const transport = createGrpcTransport({ baseUrl, pingIntervalMs: 30_000 });
const sessions = createClient(StreamingSessionService, transport);
const provisioner = createClient(ProvisionerService, transport);

type Outcome = NonNullable<MessageInitShape<typeof ReportTransitionRequestSchema>["outcome"]>;

/**
 * Where machines would be made, started, stopped and deleted. It may be asked twice for the same transition, such as after a
 * restart, and must then find what it has already done. A session with the tag `fail` shows how a failure is told.
 */
async function provide(session: StreamingSession): Promise<Outcome> {
  await pause(Number(workMs));
  const statusMessage = session.tags["fail"];
  return statusMessage === undefined
    ? { case: "success", value: {} }
    : { case: "failure", value: { statusCode: StatusCode.INSUFFICIENT_CAPACITY, statusMessage } };
}

async function handle(session: StreamingSession): Promise<void> {
  logAbout(session, { begun: true });
  await report(session, await provide(session));
}

/** Nobody knows whether the gateway has kept the report. */
const unanswered: ReadonlySet<Code> = new Set([Code.Unavailable, Code.DeadlineExceeded, Code.Canceled, Code.Aborted]);

/** The session has left the state, or is gone: somebody else has seen to it, or an earlier try of this report has. */
const settled: ReadonlySet<Code> = new Set([Code.FailedPrecondition, Code.NotFound]);

/**
 * Reports until the gateway has answered. The watch has moved on and does not show this transition again, so a report that is
 * given up leaves the session in progress until the controller is started again.
 */
async function report(session: StreamingSession, outcome: Outcome): Promise<void> {
  const { sessionId, state } = session;
  for (;;) {
    try {
      await provisioner.reportTransition({ studioId, sessionId, state, outcome }, { timeoutMs });
      logAbout(session, { done: outcome.case === "success" });
      return;
    } catch (error) {
      const { code, message } = ConnectError.from(error);
      if (settled.has(code)) {
        return;
      }
      if (!unanswered.has(code)) {
        throw error;
      }
      logAbout(session, { unanswered: message });
      await pause(retryMs);
    }
  }
}

const inProgress: ReadonlySet<State> = new Set([
  State.CREATE_IN_PROGRESS,
  State.START_IN_PROGRESS,
  State.STOP_IN_PROGRESS,
  State.DELETE_IN_PROGRESS,
]);

/**
 * Watches for ever. Without a cursor, a watch begins with every session as it stands, so a controller that was started again
 * finds what it has left undone; with one, it goes on where it was when the gateway went away. A cursor that the gateway does not
 * know is of another store, and then the watch begins anew.
 */
async function watch(): Promise<never> {
  for (let cursor = ""; ; await pause(retryMs)) {
    try {
      for await (const event of sessions.watchStreamingSessions({ studioId, cursor })) {
        cursor = event.cursor;
        if (event.session !== undefined && inProgress.has(event.session.state)) {
          handle(event.session).catch((error: unknown) => log({ error: ConnectError.from(error).message }));
        }
      }
    } catch (error) {
      const { code, message } = ConnectError.from(error);
      log({ error: message });
      if (code === Code.InvalidArgument) {
        cursor = "";
      }
    }
  }
}

function logAbout({ sessionId, state }: StreamingSession, entry: object): void {
  log({ sessionId, state: StreamingSessionStateSchema.value[state]?.localName, ...entry });
}

function log(entry: object): void {
  process.stdout.write(`${JSON.stringify(entry)}\n`);
}

await watch();
