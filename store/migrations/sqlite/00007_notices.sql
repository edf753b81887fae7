-- +goose Up
-- notices are what may be told beyond its thread. The words are those of the event of
-- session and seq; body holds those of a notice without an event.
CREATE TABLE notices (
    ord     INTEGER PRIMARY KEY,
    org     TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    session TEXT    NOT NULL DEFAULT '',
    seq     BIGINT  NOT NULL DEFAULT 0,
    body    TEXT    NOT NULL DEFAULT '',
    state   TEXT    NOT NULL,
    at      BIGINT  NOT NULL
);
CREATE UNIQUE INDEX notices_id ON notices (org, id);
CREATE INDEX notices_pending ON notices (org, ord) WHERE state = 'pending';
CREATE INDEX notices_old ON notices (at) WHERE state = 'routed';

-- deliveries are notices on their way to one target each. Those with the same bundle
-- are one message, and the one whose id it is says when; without one they are still
-- gathered. lane is the service that sends it. What has a key waits for what came before.
CREATE TABLE deliveries (
    ord      INTEGER PRIMARY KEY,
    org      TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    notice   TEXT    NOT NULL,
    target   TEXT    NOT NULL,
    way      TEXT    NOT NULL,
    lane     TEXT    NOT NULL,
    type     TEXT    NOT NULL,
    severity INTEGER NOT NULL,
    topic    TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    more     INTEGER NOT NULL,
    due      BIGINT  NOT NULL,
    bundle   TEXT    NOT NULL,
    state    TEXT    NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try BIGINT  NOT NULL DEFAULT 0,
    why      TEXT    NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX deliveries_id ON deliveries (org, id);
CREATE INDEX deliveries_gathered ON deliveries (org, lane, due) WHERE state = 'pending' AND bundle = '';
CREATE INDEX deliveries_due ON deliveries (org, lane, next_try, ord) WHERE state = 'pending' AND id = bundle;
CREATE INDEX deliveries_opens ON deliveries (org, target, due) WHERE state = 'pending' AND bundle = '';
CREATE INDEX deliveries_key ON deliveries (org, target, key, ord) WHERE state = 'pending' AND key <> '';
CREATE INDEX deliveries_old ON deliveries (due) WHERE state <> 'pending';
CREATE INDEX deliveries_bundle ON deliveries (org, bundle);
CREATE INDEX deliveries_notice ON deliveries (org, notice);

-- tellings are when a target was told of a key last, and how often it was not since.
CREATE TABLE tellings (
    org    TEXT    NOT NULL,
    target TEXT    NOT NULL,
    key    TEXT    NOT NULL,
    at     BIGINT  NOT NULL,
    more   INTEGER NOT NULL,
    PRIMARY KEY (org, target, key)
);
CREATE INDEX tellings_old ON tellings (at);

CREATE TABLE mutes (
    org    TEXT   NOT NULL,
    target TEXT   NOT NULL,
    topic  TEXT   NOT NULL,
    until  BIGINT NOT NULL,
    person TEXT   NOT NULL,
    PRIMARY KEY (org, target, topic)
);
CREATE INDEX mutes_old ON mutes (until);
