/**
 * The schema, step by step: the step at index n leads from version n to version n + 1. A step that was released is
 * never changed; what must change gets a step of its own.
 *
 * Tables of records are rowid tables with a small unique index, not clustered by their key. Measured on this layout:
 * rows under random keys that carry their message dirty a page each, and take twice as long to insert; findings of 1000 bytes
 * in a table without rowid overflow its pages, and take four times as long.
 *
 * - `position`: when the record was first put. Of a watched kind: the sequence number of the change that made it.
 * - `seq`: the sequence number of the record's last change.
 * - `change_event.message`: empty where the record was removed.
 */
export const sqliteMigrations: readonly string[] = [
  `
  CREATE TABLE cis_session (
    position    INTEGER PRIMARY KEY,
    scan_job_id BLOB NOT NULL UNIQUE CHECK (length(scan_job_id) = 16),
    state       INTEGER NOT NULL,
    stop_status INTEGER NOT NULL,
    due_at      INTEGER,
    seq         INTEGER NOT NULL,
    message     BLOB NOT NULL
  ) STRICT;

  CREATE INDEX cis_session_due_at ON cis_session (due_at) WHERE due_at IS NOT NULL;

  CREATE TABLE cis_finding (
    position    INTEGER PRIMARY KEY,
    scan_job_id BLOB NOT NULL CHECK (length(scan_job_id) = 16),
    attempt     INTEGER NOT NULL,
    rule_id     TEXT NOT NULL,
    status      INTEGER NOT NULL,
    message     BLOB NOT NULL,
    UNIQUE (scan_job_id, attempt, rule_id)
  ) STRICT;

  CREATE TABLE change_event (
    seq     INTEGER PRIMARY KEY,
    kind    TEXT NOT NULL,
    key     ANY NOT NULL,
    message BLOB
  ) STRICT;
  `,
  `
  CREATE TABLE streaming_session (
    position   INTEGER PRIMARY KEY,
    studio_id  TEXT NOT NULL,
    session_id TEXT NOT NULL,
    state      INTEGER NOT NULL,
    owned_by   TEXT NOT NULL,
    created_by TEXT NOT NULL,
    due_at     INTEGER,
    seq        INTEGER NOT NULL,
    message    BLOB NOT NULL,
    UNIQUE (studio_id, session_id)
  ) STRICT;

  CREATE INDEX streaming_session_due_at ON streaming_session (due_at) WHERE due_at IS NOT NULL;

  CREATE TABLE streaming_session_stream (
    position   INTEGER PRIMARY KEY,
    studio_id  TEXT NOT NULL,
    session_id TEXT NOT NULL,
    stream_id  TEXT NOT NULL,
    due_at     INTEGER,
    message    BLOB NOT NULL,
    UNIQUE (studio_id, session_id, stream_id)
  ) STRICT;

  CREATE INDEX streaming_session_stream_due_at ON streaming_session_stream (due_at) WHERE due_at IS NOT NULL;

  CREATE TABLE streaming_session_backup (
    position  INTEGER PRIMARY KEY,
    studio_id TEXT NOT NULL,
    backup_id TEXT NOT NULL,
    owned_by  TEXT NOT NULL,
    message   BLOB NOT NULL,
    UNIQUE (studio_id, backup_id)
  ) STRICT;

  CREATE TABLE studio (
    position  INTEGER PRIMARY KEY,
    studio_id TEXT NOT NULL UNIQUE,
    message   BLOB NOT NULL
  ) STRICT;

  CREATE TABLE idempotency_record (
    position  INTEGER PRIMARY KEY,
    call_hash TEXT NOT NULL UNIQUE,
    due_at    INTEGER,
    message   BLOB NOT NULL
  ) STRICT;

  CREATE INDEX idempotency_record_due_at ON idempotency_record (due_at) WHERE due_at IS NOT NULL;
  `,
];
