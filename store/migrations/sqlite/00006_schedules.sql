-- +goose Up
-- schedules is one row for each schedule that ever counted, so that what people ask of it is one small read. rule is by what it
-- comes due, and passed the newest due time that is on record, or from when on it counts. fired, done and missed are due times.
CREATE TABLE schedules (
    org          TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    rule         TEXT   NOT NULL DEFAULT '',
    since        BIGINT NOT NULL DEFAULT 0,
    passed       BIGINT NOT NULL DEFAULT 0,
    fired        BIGINT NOT NULL DEFAULT 0,
    done         BIGINT NOT NULL DEFAULT 0,
    missed       BIGINT NOT NULL DEFAULT 0,
    missed_why   TEXT   NOT NULL DEFAULT '',
    paused_at    BIGINT NOT NULL DEFAULT 0,
    paused_until BIGINT NOT NULL DEFAULT 0,
    paused_by    TEXT   NOT NULL DEFAULT '',
    paused_why   TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (org, name)
);

-- state is 'claimed' while the job waits or runs, then 'done' or 'failed'; 'skipped' has no job. ended is when it left 'claimed', or
-- was skipped.
ALTER TABLE schedule_runs ADD COLUMN state TEXT NOT NULL DEFAULT 'done';
ALTER TABLE schedule_runs ADD COLUMN why TEXT NOT NULL DEFAULT '';
ALTER TABLE schedule_runs ADD COLUMN ended BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX schedule_runs_job ON schedule_runs (org, job) WHERE job <> '';
CREATE INDEX schedule_runs_open ON schedule_runs (org, schedule) WHERE state = 'claimed';
CREATE INDEX schedule_runs_not_run ON schedule_runs (org, ended) WHERE state IN ('skipped', 'failed');

-- A digest reads the cards of a month.
CREATE INDEX holds_opened ON holds (org, opened);

INSERT INTO schedules (org, name, since, passed, fired, done)
    SELECT org, schedule, MIN(due), MAX(due), MAX(due), MAX(due) FROM schedule_runs GROUP BY org, schedule;
