-- +goose Up
-- askers are who asked for something in a session: what they add in its thread is
-- for the bot, too.
CREATE TABLE askers (
    org     TEXT NOT NULL,
    session TEXT NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (org, session, subject)
);

-- tokens are credentials of platforms that replace themselves, under an Org's key.
CREATE TABLE tokens (
    org        TEXT NOT NULL,
    name       TEXT NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (org, name)
);
