-- +goose Up
-- room is the other room that a row shows its event in; empty is the event's own thread.
ALTER TABLE outbox ADD COLUMN room TEXT COLLATE "C" NOT NULL DEFAULT '';
