import { type Closers, createClosers } from "./closers.ts";
import type { Config } from "./config/config.ts";
import type { StreamingPolicy } from "./domain/streaming-policy.ts";
import { file_google_rpc_error_details } from "./gen/google/rpc/error_details_pb.ts";
import { Health } from "./gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "./gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionV1Alpha } from "./gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { CisSessionService } from "./gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { ProvisionerService } from "./gen/sessiongateway/streaming/v1/provisioner_service_pb.ts";
import { StreamingSessionService } from "./gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import { type ServedService, serve } from "./interceptors/call.ts";
import { createCalls } from "./interceptors/create-calls.ts";
import { decodeFaults } from "./interceptors/decode-faults.ts";
import { createInterceptors } from "./interceptors/interceptors.ts";
import { requestId } from "./interceptors/request-id.ts";
import { undecodable } from "./interceptors/undecodable.ts";
import { startScheduler } from "./lifecycle/scheduler.ts";
import type { Logger } from "./observability/log.ts";
import { createRestHandler } from "./rest/index.ts";
import { createAdminHandler } from "./server/admin-handler.ts";
import { maxMessageBytes } from "./server/limits.ts";
import { listenOnOnePort } from "./server/one-port.ts";
import { createCisSessionService } from "./services/cis-session-service.ts";
import { createCisSessions } from "./services/cis-sessions.ts";
import { createCisTimer } from "./services/cis-timer.ts";
import type { Clock } from "./services/clock.ts";
import { createHealthService } from "./services/health-service.ts";
import { HealthStatus } from "./services/health-status.ts";
import { createIdempotentUpdates } from "./services/idempotent-updates.ts";
import { createProvisionerService } from "./services/provisioner-service.ts";
import { createReflectionService } from "./services/reflection-service.ts";
import { createStreamingSessionService } from "./services/streaming-session-service.ts";
import { createStreamingTimers } from "./services/streaming-timers.ts";
import { createStreamingUpdates } from "./services/streaming-updates.ts";
import { openStore } from "./store/open-store.ts";
import type { RecordRef } from "./store/record-kind.ts";
import { cisSessions, idempotencyRecords } from "./store/record-kinds.ts";
import type { SessionStore } from "./store/session-store.ts";
import { createConnectHandler } from "./wire/connect-handler.ts";

/** A gateway that serves. */
export interface Gateway {
  /** Where calls are served, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Where /healthz and /readyz are served. */
  readonly adminUrl: string;
  /**
   * Drains: readiness turns false, no connection is taken, streams end, calls finish within the drain time-out, and the
   * store is closed.
   *
   * @throws AggregateError with everything that could not be closed.
   */
  close(): Promise<void>;
}

/**
 * Opens the store and listens. The one place that knows every room.
 *
 * @param clock The present in Unix milliseconds, for tests.
 * @throws Error where the store cannot be opened, a route is wrong, or an address cannot be listened on; what was
 * opened by then is closed again.
 */
export async function createGateway(config: Config, log: Logger, clock: Clock = Date.now): Promise<Gateway> {
  const closers = createClosers();
  try {
    return await open(config, log, clock, closers);
  } catch (error) {
    await closers.close().catch((failure: unknown) => log.error({ err: failure }, "not everything could be closed"));
    throw error;
  }
}

async function open(config: Config, log: Logger, clock: Clock, closers: Closers): Promise<Gateway> {
  const store = await openStore(config.store.reveal());
  closers.push(() => store.close());

  const sessions = createCisSessions(store, cisPolicy(config), clock);
  const streaming = openStreaming(store, streamingPolicy(config), clock);
  const timers = { [cisSessions.name]: createCisTimer(sessions), ...streaming.timers };
  const scheduler = startScheduler({ store, timers, clock, log });
  closers.push(() => scheduler.stop());

  const services = [serve(CisSessionService, createCisSessionService(store, sessions)), ...streaming.services];
  const health = new HealthStatus(services.map(({ service }) => service.typeName));
  const admin = await listenOnOnePort(createAdminHandler(readiness(health, store)), config.adminListen);
  closers.push(() => admin.close(0));

  const shutdown = new AbortController();
  const port = await listenOnOnePort(createHandler(services, health, shutdown.signal, log), config.listen);
  closers.push(() => port.close(config.drainTimeout));

  health.setAll(true);
  closers.push(async () => {
    health.setAll(false);
    shutdown.abort();
  });
  return { url: port.url, adminUrl: admin.url, close: () => closers.close() };
}

function cisPolicy(config: Config) {
  return {
    heartbeatTimeoutMs: config["cis.heartbeatTimeout"],
    scanJobs: config["cis.scanJobs"],
    maxFindingsPerSession: config["cis.maxFindingsPerSession"],
  };
}

function streamingPolicy(config: Config): StreamingPolicy {
  return {
    provisioner: config.provisioner,
    simulatedDelayMs: config.simulatedDelay,
    maxSessionsPerStudio: config.maxSessionsPerStudio,
    deletedRetentionMs: config["streaming.deletedRetention"],
    region: config.region,
    account: config.account,
    streamUrl: config.streamUrlTemplate,
    launchProfiles: config.launchProfiles,
  };
}

/** The services of streaming sessions, and what happens when one of their records falls due. */
function openStreaming(store: SessionStore, policy: StreamingPolicy, clock: Clock) {
  const idempotent = createIdempotentUpdates(store, clock);
  const updates = createStreamingUpdates(policy, clock);
  const options = { store, idempotent, updates, policy, clock };
  return {
    services: [
      serve(StreamingSessionService, createStreamingSessionService(options)),
      serve(ProvisionerService, createProvisionerService(store, updates)),
    ],
    timers: {
      ...createStreamingTimers(store, updates),
      [idempotencyRecords.name]: (ref: RecordRef) => idempotent.expire(ref),
    },
  };
}

/** Every protocol of the main port over the same calls. Only `api` has REST routes. */
function createHandler(api: readonly ServedService[], status: HealthStatus, shutdownSignal: AbortSignal, log: Logger) {
  const interceptors = createInterceptors(log, shutdownSignal);
  const services = [...api.map(({ service }) => service), Health, ServerReflection, ServerReflectionV1Alpha];
  const reflection = createReflectionService(services, [file_google_rpc_error_details]);
  const operations = [
    serve(Health, createHealthService(status)),
    serve(ServerReflection, reflection),
    serve(ServerReflectionV1Alpha, reflection),
  ];
  const callsOf = (services: readonly ServedService[]) =>
    services.flatMap((service) => createCalls(service, interceptors));
  const apiCalls = callsOf(api);
  const rest = createRestHandler({
    calls: apiCalls,
    maxBodyBytes: maxMessageBytes,
    shutdownSignal,
    contextKeys: { decodeFaults, undecodable },
    requestId: (values) => values.get(requestId) || undefined,
    onInternalError: (error, method) => log.error({ err: error, rpc: method?.name }, "answer failed"),
  });
  return createConnectHandler({
    calls: [...apiCalls, ...callsOf(operations)],
    maxMessageBytes,
    shutdownSignal,
    log,
    fallback: rest,
  });
}

/** Ready while the gateway serves and its store answers. */
function readiness(health: HealthStatus, store: SessionStore) {
  return async () => {
    if (health.get("") !== true) {
      return "the gateway is not serving";
    }
    await store.ping();
    return undefined;
  };
}
