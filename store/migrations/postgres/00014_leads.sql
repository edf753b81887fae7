-- +goose Up
-- Of the first message of a thread: newest is the born of the last one there, and waits
-- whether a card of it is open. So the list of a channel is read from its index.
ALTER TABLE messages ADD COLUMN newest BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;
UPDATE messages SET
    newest = (SELECT MAX(t.born) FROM messages t
        WHERE t.org = messages.org AND t.platform = messages.platform AND t.channel = messages.channel AND t.thread = messages.thread),
    waits = (SELECT MAX(t.open) FROM messages t
        WHERE t.org = messages.org AND t.platform = messages.platform AND t.channel = messages.channel AND t.thread = messages.thread)
    WHERE id = thread;
DROP INDEX messages_topics;
CREATE INDEX messages_topics ON messages (org, platform, channel, waits, newest) WHERE id = thread;
CREATE INDEX messages_open ON messages (org, platform, channel, thread) WHERE open = 1;
