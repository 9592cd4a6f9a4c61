import type { JsonObject } from "@bufbuild/protobuf";

/** A launch profile as the model knows it. */
export interface ModelProfile {
  readonly id: string;
  readonly readyMinutes: number;
  readonly stoppedMinutes: number;
  readonly terminates: boolean;
  /** How many backups are kept; 0 where none is made. */
  readonly backups: number;
}

interface ModelSession {
  /** As the JSON of the API shows it. */
  json: JsonObject;
  readonly profile: ModelProfile;
  dueAt: number | undefined;
  /** When each backup was made, the oldest first. */
  backups: string[];
  timesReady: number;
}

interface ModelStream {
  readonly sessionId: string;
  readonly expiresAt: number;
  readonly timesReady: number;
}

/** An answer: JSON, or the code of an error. */
export type ModelAnswer = JsonObject | string;

export interface ModelOptions {
  readonly simulated: boolean;
  readonly delayMs: number;
  readonly retentionMs: number;
  readonly maxSessions: number;
}

const codes: Readonly<Record<string, string>> = { READY: "READY", STOPPED: "STOPPED", DELETED: "DELETED" };
const minuteMs = 60_000;

function iso(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

/** What streaming sessions do, written down a second time, as plainly as can be: no tables, no store, no messages. */
export class StreamingModel {
  now: number;
  readonly sessions = new Map<string, ModelSession>();
  readonly streams = new Map<string, ModelStream>();
  readonly answers = new Map<string, { readonly said: string; readonly answer: JsonObject; readonly until: number }>();
  readonly #options: ModelOptions;

  constructor(now: number, options: ModelOptions) {
    this.now = now;
    this.#options = options;
  }

  /** A call with a client token: what was answered before, or what `run` says, which is remembered where it is a success. */
  once(name: string, said: string, run: () => ModelAnswer): ModelAnswer {
    const before = this.answers.get(name);
    if (before !== undefined && this.now < before.until) {
      return before.said === said ? before.answer : "InvalidArgument";
    }
    const answer = run();
    if (typeof answer !== "string") {
      this.answers.set(name, { said, answer, until: this.now + 24 * 60 * minuteMs });
    }
    return answer;
  }

  create(id: string, profile: ModelProfile, ownedBy: string, caller: string): ModelAnswer {
    const alive = [...this.sessions.values()].filter(({ json }) => json["state"] !== "DELETED");
    if (alive.length >= this.#options.maxSessions) {
      return "ResourceExhausted";
    }
    const session: ModelSession = {
      profile,
      dueAt: undefined,
      backups: [],
      timesReady: 0,
      json: {
        sessionId: id,
        arn: `arn:aws:nimble:us-east-1:000000000000:streaming-session/${id}`,
        launchProfileId: profile.id,
        createdAt: iso(this.now),
        createdBy: caller,
        ownedBy: ownedBy || caller,
        automaticTerminationMode: profile.terminates ? "ACTIVATED" : "DEACTIVATED",
        backupMode: profile.backups > 0 ? "AUTOMATIC" : "DEACTIVATED",
        sessionPersistenceMode: "DEACTIVATED",
        ...(profile.backups > 0 ? { maxBackupsToRetain: profile.backups } : {}),
      },
    };
    this.sessions.set(id, session);
    return this.#enter(session, "CREATE_IN_PROGRESS", caller);
  }

  get(id: string): ModelAnswer {
    return this.sessions.get(id)?.json ?? "NotFound";
  }

  start(id: string, backup: "none" | "known" | "unknown", backupId: string, caller: string): ModelAnswer {
    return this.#change(id, ["STOPPED", "START_FAILED"], (session) => {
      if (backup === "unknown") {
        return "NotFound";
      }
      const { startedFromBackupId: _, ...json } = session.json;
      session.json = { ...json, ...(backup === "known" ? { startedFromBackupId: backupId } : {}) };
      Object.assign(session.json, { startedAt: iso(this.now), startedBy: caller });
      return this.#enter(session, "START_IN_PROGRESS", caller);
    });
  }

  stop(id: string, caller: string): ModelAnswer {
    return this.#change(id, ["READY", "STOP_FAILED"], (session) => this.#stop(session, caller));
  }

  delete(id: string, caller: string): ModelAnswer {
    const from = ["READY", "STOPPED", "CREATE_FAILED", "START_FAILED", "STOP_FAILED", "DELETE_FAILED"];
    return this.#change(id, from, (session) => this.#enter(session, "DELETE_IN_PROGRESS", caller));
  }

  report(id: string, state: string, failure: string | undefined, caller: string): ModelAnswer {
    return this.#change(id, [state], (session) => {
      if (failure !== undefined) {
        const answer = this.#enter(session, state.replace("IN_PROGRESS", "FAILED"), caller);
        Object.assign(session.json, { statusCode: failure, statusMessage: "it broke" });
        return answer;
      }
      return this.#complete(session, caller);
    });
  }

  createStream(streamId: string, id: string, seconds: number): ModelAnswer {
    return this.#change(id, ["READY"], (session) => {
      const expiresAt = this.now + seconds * 1000;
      this.streams.set(streamId, { sessionId: id, expiresAt, timesReady: session.timesReady });
      return { state: "READY" };
    });
  }

  getStream(streamId: string): ModelAnswer {
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      return "NotFound";
    }
    const session = this.sessions.get(stream.sessionId);
    const open =
      session?.json["state"] === "READY" && session.timesReady === stream.timesReady && this.now < stream.expiresAt;
    return { state: open ? "READY" : "DELETED" };
  }

  list(ownedBy: string, createdBy: string): JsonObject[] {
    return [...this.sessions.values()]
      .map(({ json }) => json)
      .filter((json) => json["state"] !== "DELETED")
      .filter((json) => ownedBy === "" || json["ownedBy"] === ownedBy)
      .filter((json) => createdBy === "" || json["createdBy"] === createdBy);
  }

  /** Time goes by, and then everything that is due happens. */
  advance(byMs: number): void {
    this.now += byMs;
    const isDue = ({ dueAt }: ModelSession) => dueAt !== undefined && dueAt <= this.now;
    for (let due = [...this.sessions.values()].filter(isDue); due.length > 0; due = due.filter(isDue)) {
      for (const session of due) {
        this.#fallDue(session);
      }
    }
    for (const [streamId, { expiresAt }] of this.streams) {
      if (expiresAt + this.#options.retentionMs <= this.now) {
        this.streams.delete(streamId);
      }
    }
  }

  #fallDue(session: ModelSession): void {
    const { state, sessionId, updatedBy } = session.json;
    if (state === "READY" && session.profile.stoppedMinutes > 0) {
      this.#stop(session, "system");
    } else if (state === "READY" || state === "STOPPED") {
      this.#enter(session, "DELETE_IN_PROGRESS", "system");
    } else if (state === "DELETED") {
      this.sessions.delete(String(sessionId));
      session.dueAt = undefined;
    } else {
      this.#complete(session, String(updatedBy));
    }
  }

  #complete(session: ModelSession, caller: string): ModelAnswer {
    switch (session.json["state"]) {
      case "STOP_IN_PROGRESS":
        if (session.profile.backups > 0) {
          session.backups = [...session.backups, iso(this.now)].slice(-session.profile.backups);
        }
        return this.#enter(session, "STOPPED", caller);
      case "DELETE_IN_PROGRESS":
        session.backups = [];
        return this.#enter(session, "DELETED", caller);
      default: {
        const code = session.json["state"] === "START_IN_PROGRESS" ? "STREAMING_SESSION_STARTED" : undefined;
        session.timesReady++;
        return this.#enter(session, "READY", caller, code);
      }
    }
  }

  #stop(session: ModelSession, caller: string): ModelAnswer {
    Object.assign(session.json, { stoppedAt: iso(this.now), stoppedBy: caller });
    return this.#enter(session, "STOP_IN_PROGRESS", caller);
  }

  #change(id: string, from: readonly string[], change: (session: ModelSession) => ModelAnswer): ModelAnswer {
    const session = this.sessions.get(id);
    if (session === undefined) {
      return "NotFound";
    }
    return from.includes(String(session.json["state"])) ? change(session) : "FailedPrecondition";
  }

  #enter(session: ModelSession, state: string, caller: string, code?: string): ModelAnswer {
    const { stopAt: _, terminateAt: __, statusMessage: ___, ...json } = session.json;
    const { readyMinutes, stoppedMinutes, terminates } = session.profile;
    const { simulated, delayMs, retentionMs } = this.#options;
    session.json = { ...json, state, updatedAt: iso(this.now), updatedBy: caller };
    session.json["statusCode"] = code ?? `STREAMING_SESSION_${codes[state] ?? state}`;
    session.dueAt = undefined;
    if (state === "READY") {
      session.dueAt = this.now + readyMinutes * minuteMs;
      session.json["stopAt"] = iso(session.dueAt);
    } else if (state === "STOPPED" && terminates) {
      session.dueAt = this.now + stoppedMinutes * minuteMs;
      session.json["terminateAt"] = iso(session.dueAt);
    } else if (state === "DELETED") {
      session.dueAt = this.now + retentionMs;
    } else if (state.endsWith("IN_PROGRESS") && simulated) {
      session.dueAt = this.now + delayMs;
    }
    return session.json;
  }
}
