package bot

import (
	"context"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// Message is one message of a chat that has no server of its own: a person's
// words, or a card of the bot. Seq grows with every change in the Org, so that
// a reader can ask for what is new.
type Message struct {
	ID, Org string
	Seq     int64
	Thread  agent.Thread // ID is the thread's, which is its first message's
	Author  rbac.Actor   // the zero Actor is the bot
	Text    string
	Card    *Card
	At      time.Time
	Edited  bool
	Alone   bool // so far its author alone was answered
}

// Messages keeps such a chat. Say adds a message and gives it its Seq; the same
// ID twice is one message, and the first one stays. Redraw replaces the card of a
// message. Read returns the messages with a greater Seq, oldest first, of a
// whole platform and channel when the thread's ID is empty. Share ends that a
// message is Alone.
//
// Topics are the first messages of a channel's threads, so many after those that are
// skipped: threads with an open card first, then by what was said last. A thread is
// left out while there is nothing in it but a message that is Alone.
type Messages interface {
	Say(ctx context.Context, m Message) (Message, error)
	Redraw(ctx context.Context, org, id string, c Card) (Message, error)
	Read(ctx context.Context, org string, t agent.Thread, after int64, limit int) ([]Message, error)
	Topics(ctx context.Context, org, platform, channel string, skip, limit int) ([]Message, error)
	Share(ctx context.Context, org, id string) error
	Marked(ctx context.Context, org, marker string) (Message, bool, error)
}
