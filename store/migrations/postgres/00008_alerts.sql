-- +goose Up
-- An alert is what somebody must take. It is written by compare-and-swap on version.
CREATE TABLE alerts (
    org     TEXT    NOT NULL,
    id      TEXT COLLATE "C"    NOT NULL,
    session TEXT COLLATE "C"    NOT NULL,
    version INTEGER NOT NULL,
    state   INTEGER NOT NULL,
    opened  BIGINT  NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (org, id)
);
CREATE INDEX alerts_open ON alerts (org, opened) WHERE state <> 4;
