-- +goose Up
-- drifts is what is known of each stack, by compare-and-swap on version. alike tells
-- stacks that show the same change; open is whether it is told of.
CREATE TABLE drifts (
    org     TEXT    NOT NULL,
    stack   TEXT    NOT NULL,
    version BIGINT  NOT NULL,
    open    INTEGER NOT NULL,
    alike   TEXT    NOT NULL,
    thread  TEXT    NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (org, stack)
);
CREATE INDEX drifts_alike ON drifts (org, alike) WHERE open = 1;
CREATE INDEX drifts_thread ON drifts (org, thread) WHERE open = 1;

-- scans has a row for each look at a stack, and how many findings were open after it.
CREATE TABLE scans (
    org      TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    stack    TEXT    NOT NULL,
    scanner  TEXT    NOT NULL,
    at       BIGINT  NOT NULL,
    failed   INTEGER NOT NULL,
    open     INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    PRIMARY KEY (org, id)
);
CREATE INDEX scans_at ON scans (at);
CREATE INDEX scans_stack ON scans (org, stack, at);

-- What was open before is found again by the next scan.
DROP TABLE findings;
