-- +goose Up
-- A row for each event with a bill. They hold no words, and stay when a session
-- is erased. cost is in billionths; month is the beginning of one, UTC.

CREATE TABLE bills (
    org         TEXT   NOT NULL,
    event       TEXT NOT NULL,
    session     TEXT NOT NULL,
    turn        TEXT   NOT NULL,
    run         TEXT   NOT NULL,
    person      TEXT   NOT NULL,
    model       TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    input       BIGINT NOT NULL,
    output      BIGINT NOT NULL,
    cache_read  BIGINT NOT NULL,
    cache_write BIGINT NOT NULL,
    cost        BIGINT NOT NULL,
    unpriced    BIGINT NOT NULL,
    PRIMARY KEY (org, event)
);
CREATE INDEX bills_session ON bills (org, session);

CREATE TABLE bill_months (
    org         TEXT   NOT NULL,
    month       BIGINT NOT NULL,
    person      TEXT   NOT NULL,
    input       BIGINT NOT NULL,
    output      BIGINT NOT NULL,
    cache_read  BIGINT NOT NULL,
    cache_write BIGINT NOT NULL,
    cost        BIGINT NOT NULL,
    replies     BIGINT NOT NULL,
    unpriced    BIGINT NOT NULL,
    PRIMARY KEY (org, month, person)
);
