import type { DescService } from "@bufbuild/protobuf";
import { CisSessionService } from "../../gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { ProvisionerService } from "../../gen/sessiongateway/streaming/v1/provisioner_service_pb.ts";
import { StreamingSessionService } from "../../gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";

/** The services whose RPCs are commands. */
export const clientServices: readonly DescService[] = [CisSessionService, StreamingSessionService, ProvisionerService];
