-- +goose Up
-- changes counts the live changes of each stack that have begun: what was planned before
-- one is not applied after it.
CREATE TABLE changes (
    org   TEXT   NOT NULL,
    stack TEXT   NOT NULL,
    n     BIGINT NOT NULL,
    PRIMARY KEY (org, stack)
);
