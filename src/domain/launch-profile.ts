import { create } from "@bufbuild/protobuf";
import { type StreamConfiguration, StreamConfigurationSchema } from "../gen/sessiongateway/store/v1/records_pb.ts";
import {
  AutomaticTerminationMode,
  SessionBackupMode,
  SessionPersistenceMode,
  type StreamingSession,
} from "../gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import type { CreateStreamingSessionRequest } from "../gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import { type GatewayError, invalidField } from "./errors.ts";

/** The launch profiles that the operator has laid down, by id. */
export type LaunchProfiles = ReadonlyMap<string, StreamConfiguration>;

/** What holds for a launch profile that the operator has not laid down. */
const defaultStreamConfiguration: StreamConfiguration = create(StreamConfigurationSchema, {
  automaticTerminationMode: AutomaticTerminationMode.DEACTIVATED,
  backupMode: SessionBackupMode.DEACTIVATED,
  maxSessionLengthInMinutes: 690,
  maxStoppedSessionLengthInMinutes: 5760,
  sessionPersistenceMode: SessionPersistenceMode.DEACTIVATED,
});

/** What a launch profile lays down. Any id may be used; one that is not known has the default. */
export function streamConfigurationOf(profiles: LaunchProfiles, id: string): StreamConfiguration {
  return profiles.get(id) ?? defaultStreamConfiguration;
}

/** What a session that is asked for may not have by its launch profile, or undefined where it may have all. */
export function launchProfileFault(
  { ec2InstanceTypes, streamingImageIds }: StreamConfiguration,
  { ec2InstanceType, streamingImageId }: CreateStreamingSessionRequest,
): GatewayError | undefined {
  if (!isListed(ec2InstanceTypes, ec2InstanceType)) {
    return invalidField("ec2_instance_type", "The launch profile does not list this instance type.");
  }
  return isListed(streamingImageIds, streamingImageId)
    ? undefined
    : invalidField("streaming_image_id", "The launch profile does not list this image.");
}

/** What a launch profile decides about a new session. */
export function profileFields(
  configuration: StreamConfiguration,
  { ec2InstanceType, streamingImageId, launchProfileId }: CreateStreamingSessionRequest,
): Partial<StreamingSession> {
  return {
    launchProfileId,
    ec2InstanceType: ec2InstanceType || (configuration.ec2InstanceTypes[0] ?? ""),
    streamingImageId: streamingImageId || (configuration.streamingImageIds[0] ?? ""),
    automaticTerminationMode: configuration.automaticTerminationMode,
    backupMode: configuration.backupMode,
    maxBackupsToRetain: configuration.maxBackupsToRetain,
    sessionPersistenceMode: configuration.sessionPersistenceMode,
    volumeConfiguration: configuration.volumeConfiguration,
  };
}

function isListed(listed: readonly string[], given: string): boolean {
  return given === "" || listed.length === 0 || listed.includes(given);
}
