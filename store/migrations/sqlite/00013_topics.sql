-- +goose Up
-- open: the card waits for somebody. alone: so far its author alone was answered. Cards of
-- before are open when they have a button that only an open one has.
ALTER TABLE messages ADD COLUMN open INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN alone INTEGER NOT NULL DEFAULT 0;
UPDATE messages SET open = 1 WHERE card LIKE '%"Verb":"approve"%' OR card LIKE '%"Verb":"answer"%'
    OR card LIKE '%"Verb":"mine"%' OR card LIKE '%"Verb":"resolve"%';
DROP INDEX messages_topics;
CREATE INDEX messages_topics ON messages (org, platform, channel, thread, born, open);
