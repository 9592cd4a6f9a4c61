import {
  create,
  type DescMessage,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { createContextValues, createHandlerContext } from "@connectrpc/connect";
import { pino } from "pino";
import { principal } from "../../src/auth/principal.ts";
import type { StreamingPolicy } from "../../src/domain/streaming-policy.ts";
import { ProvisionerService } from "../../src/gen/sessiongateway/streaming/v1/provisioner_service_pb.ts";
import { StreamingSessionService } from "../../src/gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import { type Call, serve, type UnaryCall } from "../../src/interceptors/call.ts";
import { createCalls } from "../../src/interceptors/create-calls.ts";
import { createInterceptors } from "../../src/interceptors/interceptors.ts";
import type { Clock } from "../../src/services/clock.ts";
import { createIdempotentUpdates } from "../../src/services/idempotent-updates.ts";
import { createProvisionerService } from "../../src/services/provisioner-service.ts";
import { createStreamingSessionService } from "../../src/services/streaming-session-service.ts";
import { createStreamingTimers } from "../../src/services/streaming-timers.ts";
import { createStreamingUpdates } from "../../src/services/streaming-updates.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { RecordRef } from "../../src/store/record-kind.ts";
import { idempotencyRecords } from "../../src/store/record-kinds.ts";
import type { SessionStore } from "../../src/store/session-store.ts";

/** The services of streaming sessions over a store, without sockets and without a scheduler. */
export interface StreamingServices {
  readonly store: SessionStore;
  /** Makes a call through all interceptors. Rejects with a ConnectError. */
  call<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethodUnary<Input, Output>,
    request: MessageInitShape<Input>,
    caller?: string,
  ): Promise<MessageShape<Output>>;
  /** Runs the timers of all that is due, until nothing is. */
  runDue(): Promise<void>;
}

export async function openStreamingServices(
  url: string,
  policy: StreamingPolicy,
  clock: Clock,
): Promise<StreamingServices> {
  const store = await openStore(url);
  const idempotent = createIdempotentUpdates(store, clock);
  const updates = createStreamingUpdates(policy, clock);
  const interceptors = createInterceptors(pino({ level: "silent" }), new AbortController().signal);
  const calls: readonly Call[] = [
    serve(StreamingSessionService, createStreamingSessionService({ store, idempotent, updates, policy, clock })),
    serve(ProvisionerService, createProvisionerService(store, updates)),
  ].flatMap((service) => createCalls(service, interceptors));
  const timers: Readonly<Record<string, (ref: RecordRef) => Promise<void>>> = {
    ...createStreamingTimers(store, updates),
    [idempotencyRecords.name]: (ref) => idempotent.expire(ref),
  };

  return {
    store,

    async call(method, request, caller = "anonymous") {
      const { invoke } = calls.find((each) => each.method === method) as unknown as UnaryCall;
      const context = createHandlerContext({
        service: method.parent,
        method,
        protocolName: "test",
        requestMethod: "POST",
        url: "http://localhost/",
        contextValues: createContextValues().set(principal, { id: caller }),
      });
      const reply = await invoke(create(method.input, request), context);
      return reply as MessageShape<typeof method.output>;
    },

    async runDue() {
      for (let due = await store.due(clock(), 100); due.length > 0; due = await store.due(clock(), 100)) {
        await Promise.all(due.map(({ ref }) => timers[ref.kind.name]?.(ref)));
      }
    },
  };
}
