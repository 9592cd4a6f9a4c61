import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/config.ts";
import { parseConfigFile } from "../../src/config/config-file.ts";
import {
  AutomaticTerminationMode,
  SessionBackupMode,
  SessionPersistenceMode,
} from "../../src/gen/sessiongateway/streaming/v1/streaming_session_pb.ts";

function load(text: string) {
  const parsed = parseConfigFile(text);
  return "problem" in parsed
    ? { problems: [parsed.problem] }
    : loadConfig({ flags: new Map(), environment: {}, file: parsed.value });
}

function problemsOf(text: string): readonly string[] {
  const loaded = load(text);
  return "problems" in loaded ? loaded.problems : [];
}

describe("launch profiles in the configuration file", () => {
  test("every member is read, in the spelling of the service's model", () => {
    const loaded = load(`
launchProfiles:
  film.2026:
    streamConfiguration:
      automaticTerminationMode: ACTIVATED
      clipboardMode: ENABLED
      ec2InstanceTypes: [g4dn.xlarge, g5.16xlarge]
      maxSessionLengthInMinutes: 43200
      maxStoppedSessionLengthInMinutes: 5760
      sessionBackup: { mode: AUTOMATIC, maxBackupsToRetain: 10 }
      sessionPersistenceMode: ACTIVATED
      sessionStorage: { mode: [UPLOAD] }
      streamingImageIds: [image-1]
      volumeConfiguration: { iops: 16000, size: 100 }
`);
    expect("config" in loaded && loaded.config.launchProfiles.get("film.2026")).toMatchObject({
      automaticTerminationMode: AutomaticTerminationMode.ACTIVATED,
      ec2InstanceTypes: ["g4dn.xlarge", "g5.16xlarge"],
      maxSessionLengthInMinutes: 43_200,
      maxStoppedSessionLengthInMinutes: 5760,
      backupMode: SessionBackupMode.AUTOMATIC,
      maxBackupsToRetain: 10,
      sessionPersistenceMode: SessionPersistenceMode.ACTIVATED,
      streamingImageIds: ["image-1"],
      volumeConfiguration: { iops: 16_000, size: 100, throughput: 125 },
    });
  });

  test("what is absent has the defaults of the model", () => {
    const loaded = load('{"launchProfiles": {"bare": {"streamConfiguration": {}}, "barest": {}}}');
    for (const id of ["bare", "barest"]) {
      const profile = "config" in loaded ? loaded.config.launchProfiles.get(id) : undefined;
      expect(profile).toMatchObject({
        automaticTerminationMode: AutomaticTerminationMode.DEACTIVATED,
        ec2InstanceTypes: [],
        maxSessionLengthInMinutes: 690,
        maxStoppedSessionLengthInMinutes: 0,
        backupMode: SessionBackupMode.DEACTIVATED,
        maxBackupsToRetain: 0,
        sessionPersistenceMode: SessionPersistenceMode.DEACTIVATED,
      });
      expect(profile?.volumeConfiguration).toBeUndefined();
    }
  });

  test("a file without any has none", () => {
    const loaded = load("listen: 127.0.0.1:0");
    expect("config" in loaded && loaded.config.launchProfiles.size).toBe(0);
  });

  test("everything that is wrong is said at once, by its dotted path, beside what else is wrong", () => {
    const problems = problemsOf(`
simulatedDelay: soon
launchProfiles:
  one:
    streamConfiguration:
      maxSessionLengthInMinutes: 0
      maxStoppedSessionLengthInMinutes: "5"
      ec2InstanceTypes: [t2.nano, g5.xlarge]
      streamingImageIds: []
      sessionBackup: { mode: SOMETIMES, maxBackupsToRetain: 11 }
      volumeConfiguration: { iops: 2999, speed: 1 }
      maxSessionLength: 5
  two: nothing
  three:
    streamConfiguration: []
`);
    const prefix = "launchProfiles.one.streamConfiguration";
    expect(problems).toEqual([
      expect.stringContaining("simulatedDelay in the configuration file is not a duration"),
      `${prefix}.maxSessionLengthInMinutes in the configuration file is not a whole number from 1 to 43200`,
      `${prefix}.maxStoppedSessionLengthInMinutes in the configuration file is not a whole number from 0 to 5760`,
      expect.stringContaining(`${prefix}.ec2InstanceTypes.0 in the configuration file is not one of g4dn.xlarge`),
      `${prefix}.streamingImageIds in the configuration file is not a list of 1 to 20`,
      `${prefix}.sessionBackup.mode in the configuration file is not one of AUTOMATIC, DEACTIVATED`,
      `${prefix}.sessionBackup.maxBackupsToRetain in the configuration file is not a whole number from 0 to 10`,
      `${prefix}.volumeConfiguration.iops in the configuration file is not a whole number from 3000 to 16000`,
      `${prefix}.volumeConfiguration.speed in the configuration file is not a setting`,
      `${prefix}.maxSessionLength in the configuration file is not a setting`,
      "launchProfiles.two in the configuration file is not a mapping",
      "launchProfiles.three.streamConfiguration in the configuration file is not a mapping",
    ]);
  });

  test.each(["launchProfiles: film", "launchProfiles: [film]", "launchProfiles: null"])("%j is refused", (text) => {
    expect(problemsOf(text)).toEqual(["launchProfiles in the configuration file is not a mapping"]);
  });
});

describe("the settings of streaming sessions", () => {
  test.each([
    ["provisioner: nobody", "is none of simulated, external"],
    ["streamUrlTemplate: https://x.example/{user}", "{user}"],
    ["maxSessionsPerStudio: -1", "is not a whole number"],
    ["region: nowhere!", "is not a region"],
    ["account: 12345", "is not an account of 12 digits"],
    ["streaming: { deletedRetention: 1 day }", "is not a duration"],
  ])("%j is refused", (text, problem) => {
    expect(problemsOf(text)).toEqual([expect.stringContaining(problem)]);
  });

  test("an account keeps its zeros where it is written as a text", () => {
    const loaded = load('account: "000000000001"');
    expect("config" in loaded && loaded.config.account).toBe("000000000001");
  });
});
