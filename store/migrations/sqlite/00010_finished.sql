-- +goose Up
-- settled is when a row was sent or dropped. What was settled before this column goes first.
ALTER TABLE outbox ADD COLUMN settled BIGINT NOT NULL DEFAULT 0;
CREATE INDEX outbox_settled ON outbox (settled) WHERE state <> 'pending';
CREATE INDEX jobs_done ON jobs (run_after) WHERE state = 'done';
