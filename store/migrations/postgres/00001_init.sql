-- +goose Up
-- Times are microseconds since 1970 in UTC; 0 is no time at all.

CREATE TABLE people (
    org   TEXT NOT NULL,
    id    TEXT COLLATE "C" NOT NULL,
    name  TEXT NOT NULL,
    roles TEXT NOT NULL,
    chat  TEXT NOT NULL,
    PRIMARY KEY (org, id)
);

-- thread and origin are threads as JSON arrays; origin never changes.
-- seq, head: the newest event. sealed: the newest event in a checkpoint.
-- erased: payloads up to this event may be missing.
CREATE TABLE sessions (
    org    TEXT   NOT NULL,
    id     TEXT COLLATE "C"   NOT NULL,
    thread TEXT COLLATE "C"   NOT NULL,
    origin TEXT COLLATE "C"   NOT NULL,
    seq    BIGINT NOT NULL DEFAULT 0,
    head   BYTEA   NOT NULL,
    sealed BIGINT NOT NULL DEFAULT 0,
    erased BIGINT NOT NULL DEFAULT 0,
    opened BIGINT NOT NULL,
    moved  BIGINT NOT NULL,
    PRIMARY KEY (org, id)
);
CREATE UNIQUE INDEX sessions_origin ON sessions (org, origin);
CREATE INDEX sessions_thread ON sessions (org, thread);
CREATE INDEX sessions_moved ON sessions (org, moved);
CREATE INDEX sessions_unsealed ON sessions (org) WHERE seq > sealed;

CREATE TABLE session_keys (
    org     TEXT NOT NULL,
    session TEXT COLLATE "C" NOT NULL,
    wrapped BYTEA NOT NULL,
    PRIMARY KEY (org, session)
);

CREATE TABLE events (
    org          TEXT    NOT NULL,
    session      TEXT COLLATE "C"    NOT NULL,
    seq          BIGINT  NOT NULL,
    id           TEXT COLLATE "C"    NOT NULL,
    turn         TEXT    NOT NULL,
    run          TEXT    NOT NULL,
    trace        TEXT    NOT NULL,
    causes       TEXT    NOT NULL,
    at           BIGINT  NOT NULL,
    actor        TEXT    NOT NULL,
    label        TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    schema       INTEGER NOT NULL,
    payload_hash BYTEA    NOT NULL,
    prev_hash    BYTEA    NOT NULL,
    hash         BYTEA    NOT NULL,
    PRIMARY KEY (org, session, seq)
);
CREATE UNIQUE INDEX events_id ON events (org, id);

CREATE TABLE payloads (
    org        TEXT   NOT NULL,
    session    TEXT COLLATE "C"   NOT NULL,
    seq        BIGINT NOT NULL,
    salt       BYTEA   NOT NULL,
    ciphertext BYTEA   NOT NULL,
    PRIMARY KEY (org, session, seq)
);

CREATE TABLE checkpoints (
    org       TEXT   NOT NULL,
    n         BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    prev      BYTEA   NOT NULL,
    root      BYTEA   NOT NULL,
    signature BYTEA   NOT NULL,
    PRIMARY KEY (org, n)
);

CREATE TABLE checkpoint_heads (
    org     TEXT   NOT NULL,
    n       BIGINT NOT NULL,
    session TEXT COLLATE "C"   NOT NULL,
    seq     BIGINT NOT NULL,
    hash    BYTEA   NOT NULL,
    PRIMARY KEY (org, n, session)
);

-- place is the session of the job's thread, or the thread itself until a claim
-- looked. The index on it is what keeps a thread to one run at a time.
CREATE TABLE jobs (
    ord         BIGSERIAL PRIMARY KEY,
    org         TEXT    NOT NULL,
    id          TEXT COLLATE "C"    NOT NULL,
    thread      TEXT COLLATE "C"    NOT NULL,
    place       TEXT COLLATE "C"    NOT NULL,
    control     INTEGER NOT NULL,
    state       TEXT    NOT NULL,
    run_after   BIGINT  NOT NULL,
    lease_until BIGINT  NOT NULL DEFAULT 0,
    fence       BIGINT  NOT NULL DEFAULT 0,
    attempts    INTEGER NOT NULL DEFAULT 0,
    body        TEXT    NOT NULL,
    last_error  TEXT    NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX jobs_id ON jobs (org, id);
CREATE INDEX jobs_ready ON jobs (control, run_after, ord) WHERE state = 'ready';
CREATE INDEX jobs_thread ON jobs (org, thread) WHERE state = 'ready';
CREATE UNIQUE INDEX jobs_running ON jobs (org, place) WHERE state = 'running';
CREATE INDEX jobs_lease ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_dead ON jobs (org, place) WHERE state = 'dead';

-- state is agent.State: 1 is open. code is the plan code of an approval.
CREATE TABLE holds (
    org     TEXT    NOT NULL,
    id      TEXT COLLATE "C"    NOT NULL,
    session TEXT COLLATE "C"    NOT NULL,
    version INTEGER NOT NULL,
    state   INTEGER NOT NULL,
    code    TEXT    NOT NULL,
    opened  BIGINT  NOT NULL,
    expires BIGINT  NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (org, id)
);
CREATE INDEX holds_open ON holds (org, opened) WHERE state = 1;
CREATE INDEX holds_code ON holds (org, code);
CREATE INDEX holds_session ON holds (org, session);

CREATE TABLE verdicts (
    org     TEXT    NOT NULL,
    hold    TEXT COLLATE "C"    NOT NULL,
    id      TEXT COLLATE "C"    NOT NULL,
    subject TEXT    NOT NULL,
    approve INTEGER NOT NULL,
    at      BIGINT  NOT NULL,
    PRIMARY KEY (org, hold, id)
);

CREATE TABLE findings (
    org         TEXT   NOT NULL,
    stack       TEXT   NOT NULL,
    fingerprint TEXT COLLATE "C"   NOT NULL,
    since       BIGINT NOT NULL,
    seen        BIGINT NOT NULL,
    gone        INTEGER NOT NULL DEFAULT 0,
    body        TEXT   NOT NULL,
    PRIMARY KEY (org, stack, fingerprint)
);

CREATE TABLE schedule_runs (
    org      TEXT   NOT NULL,
    schedule TEXT   NOT NULL,
    due      BIGINT NOT NULL,
    job      TEXT   NOT NULL,
    PRIMARY KEY (org, schedule, due)
);

CREATE TABLE outbox (
    ord      BIGSERIAL PRIMARY KEY,
    org      TEXT    NOT NULL,
    id       TEXT COLLATE "C"    NOT NULL,
    session  TEXT COLLATE "C"    NOT NULL,
    seq      BIGINT  NOT NULL,
    state    TEXT    NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try BIGINT  NOT NULL DEFAULT 0,
    why      TEXT    NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX outbox_id ON outbox (org, id);
CREATE INDEX outbox_pending ON outbox (org, ord) WHERE state = 'pending';
CREATE INDEX outbox_session ON outbox (org, session, seq) WHERE state = 'pending';

CREATE TABLE refs (
    org     TEXT NOT NULL,
    key     TEXT NOT NULL,
    thread  TEXT COLLATE "C" NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (org, key)
);

CREATE TABLE artifacts (
    org        TEXT   NOT NULL,
    id         TEXT COLLATE "C"   NOT NULL,
    kind       TEXT   NOT NULL,
    session    TEXT COLLATE "C"   NOT NULL,
    meta       BYTEA,
    ciphertext BYTEA   NOT NULL,
    size       BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    expires    BIGINT NOT NULL,
    PRIMARY KEY (org, id)
);
CREATE INDEX artifacts_expires ON artifacts (expires) WHERE expires > 0;
CREATE INDEX artifacts_session ON artifacts (org, session);

-- born is the seq that a message began with; seq moves when it is redrawn.
CREATE TABLE messages (
    org      TEXT    NOT NULL,
    id       TEXT COLLATE "C"    NOT NULL,
    seq      BIGINT  NOT NULL,
    born     BIGINT  NOT NULL,
    platform TEXT    NOT NULL,
    channel  TEXT    NOT NULL,
    thread   TEXT COLLATE "C"    NOT NULL,
    author   TEXT    NOT NULL,
    text     TEXT    NOT NULL,
    card     TEXT    NOT NULL,
    marker   TEXT    NOT NULL,
    at       BIGINT  NOT NULL,
    edited   INTEGER NOT NULL,
    PRIMARY KEY (org, id)
);
CREATE INDEX messages_seq ON messages (org, platform, channel, seq);
CREATE INDEX messages_thread ON messages (org, platform, channel, thread, seq);
CREATE INDEX messages_topics ON messages (org, platform, channel, born) WHERE id = thread;
CREATE INDEX messages_marker ON messages (org, marker) WHERE marker <> '';

CREATE TABLE message_counts (
    org TEXT   NOT NULL PRIMARY KEY,
    n   BIGINT NOT NULL
);

-- +goose StatementBegin
CREATE FUNCTION interlock_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
-- +goose StatementEnd
CREATE TRIGGER events_no_change BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION interlock_append_only();
CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION interlock_append_only();
CREATE TRIGGER checkpoints_no_change BEFORE UPDATE OR DELETE ON checkpoints FOR EACH ROW EXECUTE FUNCTION interlock_append_only();
CREATE TRIGGER checkpoints_no_truncate BEFORE TRUNCATE ON checkpoints FOR EACH STATEMENT EXECUTE FUNCTION interlock_append_only();
CREATE TRIGGER checkpoint_heads_no_change BEFORE UPDATE OR DELETE ON checkpoint_heads FOR EACH ROW EXECUTE FUNCTION interlock_append_only();
CREATE TRIGGER checkpoint_heads_no_truncate BEFORE TRUNCATE ON checkpoint_heads FOR EACH STATEMENT EXECUTE FUNCTION interlock_append_only();
CREATE TRIGGER verdicts_no_change BEFORE UPDATE OR DELETE ON verdicts FOR EACH ROW EXECUTE FUNCTION interlock_append_only();
CREATE TRIGGER verdicts_no_truncate BEFORE TRUNCATE ON verdicts FOR EACH STATEMENT EXECUTE FUNCTION interlock_append_only();
CREATE TRIGGER payloads_no_update BEFORE UPDATE ON payloads FOR EACH ROW EXECUTE FUNCTION interlock_append_only();
