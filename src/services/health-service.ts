import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { type Health, HealthCheckResponse_ServingStatus as ServingStatus } from "../gen/grpc/health/v1/health_pb.ts";
import type { HealthStatus } from "./health-status.ts";

/**
 * gRPC health checking (https://github.com/grpc/grpc/blob/master/doc/health-checking.md) of a status that others keep.
 * Check of an unknown service fails with not_found. Watch tells the status at once and whenever it is another than it
 * told last, SERVICE_UNKNOWN for an unknown service, until the call ends; the call then ends without an error, after
 * telling a status that was set just before.
 */
export function createHealthService(status: HealthStatus): ServiceImpl<typeof Health> {
  return {
    check({ service }) {
      const serving = status.get(service);
      if (serving === undefined) {
        throw new ConnectError(`this server knows no service "${service}"`, Code.NotFound);
      }
      return { status: servingStatus(serving) };
    },
    watch: ({ service }, { signal }) => watch(status, service, signal),
    list() {
      const statuses = [...status.entries()].map(
        ([service, serving]) => [service, { status: servingStatus(serving) }] as const,
      );
      return { statuses: Object.fromEntries(statuses) };
    },
  };
}

async function* watch(
  status: HealthStatus,
  service: string,
  signal: AbortSignal,
): AsyncGenerator<{ status: ServingStatus }> {
  let told: ServingStatus | undefined;
  for (;;) {
    const current = servingStatus(status.get(service));
    if (current !== told) {
      told = current;
      yield { status: current };
    } else if (signal.aborted) {
      return;
    } else {
      await setOrAborted(status, signal);
    }
  }
}

/** Resolves at the next set or abort, and leaves no listener behind. */
function setOrAborted(status: HealthStatus, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      stopListening();
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const stopListening = status.onSet(wake);
    signal.addEventListener("abort", wake);
  });
}

function servingStatus(serving: boolean | undefined): ServingStatus {
  if (serving === undefined) {
    return ServingStatus.SERVICE_UNKNOWN;
  }
  return serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
}
