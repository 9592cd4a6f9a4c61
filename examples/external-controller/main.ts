// A controller for `session-gateway serve --provisioner external`: it watches the streaming sessions of a studio, does what each
// in-progress state asks for, and reports what came of it.
//
//     node examples/external-controller/main.ts http://127.0.0.1:8080 studio-1

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

/** How long to wait before the watch is tried again, in milliseconds. */
const retryMs = 1000;

const [baseUrl = "http://127.0.0.1:8080", studioId = "studio-1"] = process.argv.slice(2);
const transport = createGrpcTransport({ baseUrl });
const sessions = createClient(StreamingSessionService, transport);
const provisioner = createClient(ProvisionerService, transport);

type Outcome = NonNullable<MessageInitShape<typeof ReportTransitionRequestSchema>["outcome"]>;

/** Where machines would be made, started, stopped and deleted. A session with the tag `fail` shows how a failure is told. */
async function provide(session: StreamingSession): Promise<Outcome> {
  await pause(10);
  const statusMessage = session.tags["fail"];
  return statusMessage === undefined
    ? { case: "success", value: {} }
    : { case: "failure", value: { statusCode: StatusCode.INSUFFICIENT_CAPACITY, statusMessage } };
}

async function handle(session: StreamingSession): Promise<void> {
  const { sessionId, state } = session;
  const outcome = await provide(session);
  try {
    await provisioner.reportTransition({ studioId, sessionId, state, outcome });
    log({ sessionId, state: StreamingSessionStateSchema.value[state]?.localName, done: outcome.case === "success" });
  } catch (error) {
    // The session has left the state in the meantime, so there is nothing more to say about it.
    if (ConnectError.from(error).code !== Code.FailedPrecondition) {
      throw error;
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
 * finds what it has left undone; with one, it goes on where it was when the gateway went away.
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
      log({ error: ConnectError.from(error).message });
    }
  }
}

function log(entry: object): void {
  process.stdout.write(`${JSON.stringify(entry)}\n`);
}

await watch();
