import { create, getOption } from "@bufbuild/protobuf";
import { field as fieldRules } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import type { LaunchProfiles } from "../domain/launch-profile.ts";
import { type StreamConfiguration, StreamConfigurationSchema } from "../gen/sessiongateway/store/v1/records_pb.ts";
import {
  AutomaticTerminationMode,
  AutomaticTerminationModeSchema,
  SessionBackupMode,
  SessionBackupModeSchema,
  SessionPersistenceMode,
  SessionPersistenceModeSchema,
} from "../gen/sessiongateway/streaming/v1/streaming_session_pb.ts";
import { CreateStreamingSessionRequestSchema } from "../gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import { entriesOf, enumValue, integer, list, mapping, text, word } from "./value-readers.ts";

/** Where the configuration file holds launch profiles. They can be set nowhere else. */
export const launchProfilesKey = "launchProfiles";

/** What reading came to. Problems are a sentence each and name the value by its dotted path. */
export interface ReadLaunchProfiles {
  readonly profiles: LaunchProfiles;
  readonly problems: readonly string[];
}

/** The members of StreamConfiguration with the limits of the service's model. */
const readProfile = mapping({
  streamConfiguration: mapping({
    automaticTerminationMode: enumValue(AutomaticTerminationModeSchema),
    clipboardMode: word(["ENABLED", "DISABLED"]),
    ec2InstanceTypes: list(word(instanceTypes()), 30),
    maxSessionLengthInMinutes: integer(1, 43_200),
    maxStoppedSessionLengthInMinutes: integer(0, 5760),
    sessionBackup: mapping({ mode: enumValue(SessionBackupModeSchema), maxBackupsToRetain: integer(0, 10) }),
    sessionPersistenceMode: enumValue(SessionPersistenceModeSchema),
    sessionStorage: (value) => value ?? undefined,
    streamingImageIds: list(text(/^[a-zA-Z0-9-_]{1,22}$/, "an image id of at most 22 characters"), 20),
    volumeConfiguration: mapping({
      iops: integer(3000, 16_000),
      size: integer(100, 16_000),
      throughput: integer(125, 1000),
    }),
  }),
});

type Members = NonNullable<NonNullable<ReturnType<typeof readProfile>>["streamConfiguration"]>;

/**
 * Reads the launch profiles of a configuration file.
 *
 * @param json What parseConfigFile() kept under `launchProfilesKey`.
 */
export function readLaunchProfiles(json: string | undefined): ReadLaunchProfiles {
  const problems: string[] = [];
  const profiles = new Map<string, StreamConfiguration>();
  const content: unknown = json === undefined ? {} : JSON.parse(json);
  for (const [id, value] of entriesOf(content, launchProfilesKey, problems)) {
    const members = readProfile(value, `${launchProfilesKey}.${id}`, problems)?.streamConfiguration;
    profiles.set(id, toMessage(members ?? {}));
  }
  return { profiles, problems };
}

/** Members that are absent have the defaults of the service's model, which are not those of the default profile. */
function toMessage(members: Members): StreamConfiguration {
  const { sessionBackup = {}, volumeConfiguration } = members;
  const volume = { iops: 3000, size: 500, throughput: 125, ...volumeConfiguration };
  return create(StreamConfigurationSchema, {
    automaticTerminationMode: members.automaticTerminationMode ?? AutomaticTerminationMode.DEACTIVATED,
    ec2InstanceTypes: members.ec2InstanceTypes ?? [],
    maxSessionLengthInMinutes: members.maxSessionLengthInMinutes ?? 690,
    maxStoppedSessionLengthInMinutes: members.maxStoppedSessionLengthInMinutes ?? 0,
    backupMode: sessionBackup.mode ?? SessionBackupMode.DEACTIVATED,
    maxBackupsToRetain: sessionBackup.maxBackupsToRetain ?? 0,
    sessionPersistenceMode: members.sessionPersistenceMode ?? SessionPersistenceMode.DEACTIVATED,
    streamingImageIds: members.streamingImageIds ?? [],
    ...(volumeConfiguration === undefined ? {} : { volumeConfiguration: volume }),
  });
}

/** The instance types that a session may ask for, as the proto lays them down. */
function instanceTypes(): readonly string[] {
  const rules = getOption(CreateStreamingSessionRequestSchema.field.ec2InstanceType, fieldRules);
  return rules.type.case === "string" ? rules.type.value.in : [];
}
