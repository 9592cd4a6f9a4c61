import {
  ConflictException,
  CreateStreamingSessionCommand,
  CreateStreamingSessionStreamCommand,
  DeleteStreamingSessionCommand,
  GetStreamingSessionBackupCommand,
  GetStreamingSessionCommand,
  GetStreamingSessionStreamCommand,
  ListStreamingSessionBackupsCommand,
  ListStreamingSessionsCommand,
  type NimbleClient,
  paginateListStreamingSessions,
  ResourceNotFoundException,
  ServiceQuotaExceededException,
  StartStreamingSessionCommand,
  StopStreamingSessionCommand,
  ValidationException,
  waitUntilStreamingSessionDeleted,
  waitUntilStreamingSessionReady,
  waitUntilStreamingSessionStopped,
  waitUntilStreamingSessionStreamReady,
} from "@aws-sdk/client-nimble";
import { describe, expect, test } from "vitest";
import { nimbleClient, streamingGateway } from "../support/streaming-gateway.ts";

const studioId = "studio-1";

/** The SDK's waiters, which pause for five seconds or more by default, told to pause for one, the least they take. */
function quick(client: NimbleClient) {
  return { client, maxWaitTime: 20, minDelay: 1, maxDelay: 1 };
}

async function createReady(client: NimbleClient, launchProfileId = "default"): Promise<string> {
  const created = await client.send(new CreateStreamingSessionCommand({ studioId, launchProfileId }));
  const sessionId = created.session?.sessionId ?? "";
  await waitUntilStreamingSessionReady(quick(client), { studioId, sessionId });
  return sessionId;
}

async function failureOf(sent: Promise<unknown>): Promise<unknown> {
  return sent.then(
    () => new Error("it succeeded"),
    (error: unknown) => error,
  );
}

describe("a script with the AWS SDK", () => {
  test("takes a session through its whole life with the SDK's waiters", async () => {
    const client = nimbleClient(await streamingGateway());
    const created = await client.send(
      new CreateStreamingSessionCommand({
        studioId,
        launchProfileId: "default",
        ec2InstanceType: "g4dn.xlarge",
        streamingImageId: "image-1",
        ownedBy: "artist",
        tags: { project: "film" },
      }),
    );
    const sessionId = created.session?.sessionId ?? "";
    expect(created.session).toMatchObject({
      arn: `arn:aws:nimble:us-east-1:000000000000:streaming-session/${sessionId}`,
      automaticTerminationMode: "DEACTIVATED",
      backupMode: "DEACTIVATED",
      createdAt: expect.any(Date),
      createdBy: "anonymous",
      ec2InstanceType: "g4dn.xlarge",
      launchProfileId: "default",
      maxBackupsToRetain: 0,
      ownedBy: "artist",
      sessionId: expect.stringMatching(/^[\w-]{22}$/),
      sessionPersistenceMode: "DEACTIVATED",
      state: "CREATE_IN_PROGRESS",
      statusCode: "STREAMING_SESSION_CREATE_IN_PROGRESS",
      streamingImageId: "image-1",
      tags: { project: "film" },
      updatedBy: "anonymous",
    });
    const names = { studioId, sessionId };
    const get = async () => (await client.send(new GetStreamingSessionCommand(names))).session;

    await waitUntilStreamingSessionReady(quick(client), names);
    const ready = await get();
    expect(ready).toMatchObject({ state: "READY", statusCode: "STREAMING_SESSION_READY", updatedBy: "anonymous" });
    expect(Number(ready?.stopAt) - Number(ready?.updatedAt)).toBe(690 * 60_000);

    const stopped = await client.send(new StopStreamingSessionCommand({ ...names, volumeRetentionMode: "RETAIN" }));
    expect(stopped.session).toMatchObject({
      state: "STOP_IN_PROGRESS",
      statusCode: "STREAMING_SESSION_STOP_IN_PROGRESS",
      stoppedAt: expect.any(Date),
      stoppedBy: "anonymous",
      volumeRetentionMode: "RETAIN",
    });
    await waitUntilStreamingSessionStopped(quick(client), names);
    expect(await get()).toMatchObject({ state: "STOPPED", statusCode: "STREAMING_SESSION_STOPPED" });

    const started = await client.send(new StartStreamingSessionCommand(names));
    expect(started.session).toMatchObject({ state: "START_IN_PROGRESS", startedBy: "anonymous" });
    await waitUntilStreamingSessionReady(quick(client), names);
    expect(await get()).toMatchObject({ state: "READY", statusCode: "STREAMING_SESSION_STARTED" });

    const deleted = await client.send(new DeleteStreamingSessionCommand(names));
    expect(deleted.session).toMatchObject({ state: "DELETE_IN_PROGRESS" });
    await waitUntilStreamingSessionDeleted(quick(client), names);
    expect(await get()).toMatchObject({ state: "DELETED", statusCode: "STREAMING_SESSION_DELETED" });
    const { sessions = [] } = await client.send(new ListStreamingSessionsCommand({ studioId }));
    expect(sessions).toEqual([]);
    const named = await client.send(new ListStreamingSessionsCommand({ studioId, sessionIds: sessionId }));
    expect(named.sessions).toHaveLength(1);
  });
});

describe("streams and backups with the AWS SDK", () => {
  const file = `launchProfiles:
  film:
    streamConfiguration:
      maxStoppedSessionLengthInMinutes: 60
      sessionBackup: { mode: AUTOMATIC, maxBackupsToRetain: 2 }
      volumeConfiguration: { size: 200 }
`;

  test("a stream into a ready session has a URL until the session is stopped", async () => {
    const streamUrlTemplate = "https://viewer.example/{studioId}/{sessionId}?stream={streamId}";
    const client = nimbleClient(await streamingGateway({ settings: { streamUrlTemplate } }));
    const sessionId = await createReady(client);
    const names = { studioId, sessionId };
    const created = await client.send(new CreateStreamingSessionStreamCommand(names));
    const streamId = created.stream?.streamId ?? "";
    await waitUntilStreamingSessionStreamReady(quick(client), { ...names, streamId });
    const { stream } = await client.send(new GetStreamingSessionStreamCommand({ ...names, streamId }));
    expect(stream).toMatchObject({
      createdBy: "anonymous",
      ownedBy: "anonymous",
      state: "READY",
      statusCode: "STREAM_READY",
      url: `https://viewer.example/studio-1/${sessionId}?stream=${streamId}`,
    });
    expect(Number(stream?.expiresAt) - Number(stream?.createdAt)).toBe(120_000);
    await client.send(new StopStreamingSessionCommand(names));
    const ended = await client.send(new GetStreamingSessionStreamCommand({ ...names, streamId }));
    expect(ended.stream).toMatchObject({ state: "DELETED", statusCode: "STREAM_DELETED" });
    expect(ended.stream).not.toHaveProperty("url");
  });

  test("a stop leaves a backup, from which the session is started again", async () => {
    const client = nimbleClient(await streamingGateway({ file }));
    const sessionId = await createReady(client, "film");
    const names = { studioId, sessionId };
    await client.send(new StopStreamingSessionCommand(names));
    await waitUntilStreamingSessionStopped(quick(client), names);
    const listed = await client.send(new ListStreamingSessionBackupsCommand({ studioId, ownedBy: "anonymous" }));
    expect(listed.streamingSessionBackups).toHaveLength(1);
    const [backup] = listed.streamingSessionBackups ?? [];
    const backupId = backup?.backupId ?? "";
    expect(await client.send(new GetStreamingSessionBackupCommand({ studioId, backupId }))).toMatchObject({
      streamingSessionBackup: {
        arn: `arn:aws:nimble:us-east-1:000000000000:streaming-session-backup/${backupId}`,
        launchProfileId: "film",
        sessionId,
        state: "READY",
      },
    });
    const started = await client.send(new StartStreamingSessionCommand({ ...names, backupId }));
    expect(started.session).toMatchObject({
      startedFromBackupId: backupId,
      maxBackupsToRetain: 2,
      volumeConfiguration: { iops: 3000, size: 200, throughput: 125 },
    });
    const others = await client.send(new ListStreamingSessionBackupsCommand({ studioId, ownedBy: "somebody" }));
    expect(others.streamingSessionBackups ?? []).toEqual([]);
  });
});

describe("the SDK's paginator", () => {
  test("walks over 350 sessions, each once, while others come and go", async () => {
    const client = nimbleClient(await streamingGateway({ settings: { provisioner: "external" } }));
    const create = async (ownedBy: string) => {
      const { session } = await client.send(
        new CreateStreamingSessionCommand({ studioId, launchProfileId: "default", ownedBy }),
      );
      return session?.sessionId ?? "";
    };
    const standing = await Promise.all(Array.from({ length: 350 }, (_, index) => create(`owner-${index % 2}`)));
    const walk = async (filter: object) => {
      const pages: string[][] = [];
      for await (const page of paginateListStreamingSessions({ client }, { studioId, ...filter })) {
        pages.push((page.sessions ?? []).map(({ sessionId = "" }) => sessionId));
        await create("latecomer");
      }
      return pages;
    };
    const pages = await walk({});
    expect(pages.slice(0, 3).map(({ length }) => length)).toEqual([100, 100, 100]);
    expect(new Set(pages.flat()).size).toBe(pages.flat().length);
    expect(pages.flat()).toEqual(expect.arrayContaining(standing));
    expect((await walk({ ownedBy: "owner-1" })).flat().sort()).toEqual(
      standing.filter((_, index) => index % 2 === 1).sort(),
    );
    expect((await walk({ createdBy: "somebody" })).flat()).toEqual([]);
    const named = await walk({ sessionIds: standing.slice(0, 220).join(",") });
    expect(named.map(({ length }) => length)).toEqual([100, 100, 20]);
    expect(named.flat().sort()).toEqual(standing.slice(0, 220).sort());
  });
});

describe("the SDK's exceptions, by class", () => {
  test("ResourceNotFoundException for whatever is unknown, with its id", async () => {
    const client = nimbleClient(await streamingGateway());
    const names = { studioId, sessionId: "unknown" };
    const sent = [
      client.send(new GetStreamingSessionCommand(names)),
      client.send(new StartStreamingSessionCommand(names)),
      client.send(new StopStreamingSessionCommand(names)),
      client.send(new DeleteStreamingSessionCommand(names)),
      client.send(new CreateStreamingSessionStreamCommand(names)),
      client.send(new GetStreamingSessionStreamCommand({ ...names, streamId: "unknown" })),
      client.send(new GetStreamingSessionBackupCommand({ studioId, backupId: "unknown" })),
    ];
    for (const error of await Promise.all(sent.map(failureOf))) {
      expect(error).toBeInstanceOf(ResourceNotFoundException);
      expect(error).toMatchObject({ $metadata: { httpStatusCode: 404 }, context: { resourceId: "unknown" } });
    }
  });

  test("ConflictException for a call that the state does not allow, with the session's id", async () => {
    const client = nimbleClient(await streamingGateway());
    const sessionId = await createReady(client);
    const names = { studioId, sessionId };
    const error = await failureOf(client.send(new StartStreamingSessionCommand(names)));
    expect(error).toBeInstanceOf(ConflictException);
    expect(error).toMatchObject({ $metadata: { httpStatusCode: 409 }, context: { resourceId: sessionId } });
    await client.send(new StopStreamingSessionCommand(names));
    const stream = await failureOf(client.send(new CreateStreamingSessionStreamCommand(names)));
    expect(stream).toBeInstanceOf(ConflictException);
  });

  test("ValidationException for a limit that is broken and for a token that was not given out", async () => {
    const client = nimbleClient(await streamingGateway());
    const names = { studioId, sessionId: "unknown" };
    const profile = { studioId, launchProfileId: "default" };
    const sent = [
      client.send(new CreateStreamingSessionCommand({ ...profile, ec2InstanceType: "t2.nano" as "g3.4xlarge" })),
      client.send(new CreateStreamingSessionCommand({ ...profile, streamingImageId: "x".repeat(23) })),
      client.send(new CreateStreamingSessionCommand({ ...profile, clientToken: "x".repeat(65) })),
      client.send(new CreateStreamingSessionStreamCommand({ ...names, expirationInSeconds: 59 })),
      client.send(new CreateStreamingSessionStreamCommand({ ...names, expirationInSeconds: 3601 })),
      client.send(new StopStreamingSessionCommand({ ...names, volumeRetentionMode: "BURN" as "DELETE" })),
      client.send(new ListStreamingSessionsCommand({ studioId, nextToken: "nonsense" })),
      client.send(new ListStreamingSessionsCommand({ studioId, sessionIds: "a", nextToken: "nonsense" })),
      client.send(new ListStreamingSessionBackupsCommand({ studioId, nextToken: "nonsense" })),
    ];
    for (const error of await Promise.all(sent.map(failureOf))) {
      expect(error).toBeInstanceOf(ValidationException);
      expect(error).toMatchObject({ $metadata: { httpStatusCode: 400 } });
    }
  });

  test("ServiceQuotaExceededException past the quota, until a session is deleted", async () => {
    const client = nimbleClient(await streamingGateway({ settings: { maxSessionsPerStudio: "2" } }));
    const sessionId = await createReady(client);
    await createReady(client);
    const create = new CreateStreamingSessionCommand({ studioId, launchProfileId: "default" });
    const error = await failureOf(client.send(create));
    expect(error).toBeInstanceOf(ServiceQuotaExceededException);
    expect(error).toMatchObject({ $metadata: { httpStatusCode: 402 } });
    await client.send(new CreateStreamingSessionCommand({ studioId: "studio-2", launchProfileId: "default" }));
    await client.send(new DeleteStreamingSessionCommand({ studioId, sessionId }));
    await waitUntilStreamingSessionDeleted(quick(client), { studioId, sessionId });
    await client.send(create);
  });
});
