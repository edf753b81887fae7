-- +goose Up
-- spent is what works once and has been used, such as a link that signs somebody in.
CREATE TABLE spent (
    org  TEXT   NOT NULL,
    id   TEXT   NOT NULL,
    ends BIGINT NOT NULL,
    PRIMARY KEY (org, id)
);
CREATE INDEX spent_ends ON spent (ends);
