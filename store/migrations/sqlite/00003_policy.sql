-- +goose Up
-- policy_counts moves whenever anything does that says who may do what: it is
-- read before every decision.
CREATE TABLE policy_counts (
    org TEXT   NOT NULL PRIMARY KEY,
    n   BIGINT NOT NULL
);

-- policies are the rules that were ever in force, in their order; rules is JSON.
CREATE TABLE policies (
    org    TEXT   NOT NULL,
    n      BIGINT NOT NULL,
    hash   TEXT   NOT NULL,
    source TEXT   NOT NULL,
    at     BIGINT NOT NULL,
    rules  TEXT   NOT NULL,
    PRIMARY KEY (org, n)
);
CREATE INDEX policies_hash ON policies (org, hash);

-- policy_texts are what people wrote who keep their policy here.
CREATE TABLE policy_texts (
    org    TEXT   NOT NULL,
    n      BIGINT NOT NULL,
    author TEXT   NOT NULL,
    why    TEXT   NOT NULL,
    at     BIGINT NOT NULL,
    text   TEXT   NOT NULL,
    PRIMARY KEY (org, n)
);

-- links are offers to join two identities; identities are those that were joined.
CREATE TABLE links (
    org     TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    offered TEXT    NOT NULL,
    taken   TEXT    NOT NULL DEFAULT '',
    expires BIGINT  NOT NULL,
    done    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (org, id)
);
CREATE TABLE identities (
    org      TEXT   NOT NULL,
    platform TEXT   NOT NULL,
    tenant   TEXT   NOT NULL,
    id       TEXT   NOT NULL,
    person   TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (org, platform, tenant, id)
);

-- members are those of a group of a chat or of an identity provider, as it was
-- when it was read last.
CREATE TABLE members (
    org    TEXT   NOT NULL,
    source TEXT   NOT NULL,
    ids    TEXT   NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (org, source)
);

-- A thaw sets until to its own moment.
CREATE TABLE freezes (
    org    TEXT   NOT NULL,
    id     TEXT   NOT NULL,
    env    TEXT   NOT NULL,
    until  BIGINT NOT NULL,
    reason TEXT   NOT NULL,
    who    TEXT   NOT NULL,
    at     BIGINT NOT NULL,
    thawed TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (org, id)
);
CREATE INDEX freezes_until ON freezes (org, until);

-- asks are requests that were taken; they go after two days. Tokens are summed
-- by day, for the organisation (scope is empty), each person and each room.
CREATE TABLE asks (
    org    TEXT   NOT NULL,
    event  TEXT   NOT NULL,
    person TEXT   NOT NULL,
    room   TEXT   NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (org, event)
);
CREATE INDEX asks_at ON asks (org, at);
CREATE INDEX asks_person ON asks (org, person, at);
CREATE INDEX asks_room ON asks (org, room, at);
CREATE TABLE token_days (
    org    TEXT   NOT NULL,
    scope  TEXT   NOT NULL,
    day    BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    PRIMARY KEY (org, scope, day)
);
CREATE INDEX holds_approved ON holds (org, opened) WHERE state = 2;

-- +goose StatementBegin
CREATE TRIGGER policies_no_update BEFORE UPDATE ON policies
BEGIN SELECT RAISE(ABORT, 'policies are append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER policies_no_delete BEFORE DELETE ON policies
BEGIN SELECT RAISE(ABORT, 'policies are append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER policy_texts_no_update BEFORE UPDATE ON policy_texts
BEGIN SELECT RAISE(ABORT, 'policy_texts are append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER policy_texts_no_delete BEFORE DELETE ON policy_texts
BEGIN SELECT RAISE(ABORT, 'policy_texts are append-only'); END;
-- +goose StatementEnd
