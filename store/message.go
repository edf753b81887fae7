package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"interlock/agent"
	"interlock/bot"
)

// messageRow is a message; card is its JSON or empty.
type messageRow struct {
	Org, ID                                 string
	Seq, Born                               int64
	Platform, Channel, Thread, Author, Text string
	Card, Marker                            string
	At                                      int64
	Edited, Open, Alone                     int
	Newest                                  int64 // of a thread's first message, and so is Waits
	Waits                                   int
}

// TableName is the table's.
func (messageRow) TableName() string { return "messages" }

func (r *messageRow) message() (m bot.Message, err error) {
	m = bot.Message{
		ID: r.ID, Org: r.Org, Seq: r.Seq, Text: r.Text, At: moment(r.At), Edited: r.Edited == 1, Alone: r.Alone == 1,
		Thread: agent.Thread{Platform: r.Platform, Channel: r.Channel, ID: r.Thread},
	}
	if r.Card != "" {
		m.Card = &bot.Card{}
		if err := decode(r.Card, m.Card); err != nil {
			return m, err
		}
	}
	return m, decode(r.Author, &m.Author)
}

func newMessageRow(m bot.Message) (r messageRow, err error) {
	r = messageRow{
		Org: m.Org, ID: m.ID, Platform: m.Thread.Platform, Channel: m.Thread.Channel, Thread: m.Thread.ID,
		Text: m.Text, At: micros(m.At), Open: waits(m.Card), Alone: mark(m.Alone),
	}
	if m.At.IsZero() {
		r.At = micros(time.Now())
	}
	if m.Card != nil {
		r.Marker = m.Card.Marker
		if r.Card, err = encode(m.Card); err != nil {
			return r, err
		}
	}
	r.Author, err = encode(m.Author)
	return r, err
}

func waits(c *bot.Card) int { return mark(c != nil && c.Open) }

func mark(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// Say adds a message; the first one with an ID stays. It is found by the marker
// that it was said with.
func (db *DB) Say(ctx context.Context, m bot.Message) (bot.Message, error) {
	if _, err := db.of(m.Org); err != nil {
		return m, fmt.Errorf("write message: %w", err)
	}
	r, err := newMessageRow(m)
	if err != nil {
		return m, err
	}
	err = db.write(ctx, func(tx *gorm.DB) error {
		old, ok, err := messageByID(tx, m.Org, m.ID)
		if err != nil || ok {
			r = old
			return err
		}
		if r.Seq, err = nextMessage(tx, m.Org); err != nil {
			return err
		}
		r.Born = r.Seq
		// Another process may have said it meanwhile: its turn came before.
		if old, ok, err = messageByID(tx, m.Org, m.ID); err != nil || ok {
			r = old
			return err
		}
		if err := tx.Create(&r).Error; err != nil {
			return err
		}
		return lead(tx, r)
	})
	return db.told(r, err)
}

// lead notes on the first message of a thread what its place in the channel's list goes
// by, after one of its messages was said or redrawn.
func lead(tx *gorm.DB, r messageRow) error {
	return tx.Exec(`UPDATE messages SET newest = CASE WHEN newest < ? THEN ? ELSE newest END, waits = CASE WHEN EXISTS (
			SELECT 1 FROM messages t WHERE t.org = ? AND t.platform = ? AND t.channel = ? AND t.thread = ? AND t.open = 1) THEN 1 ELSE 0 END
		WHERE org = ? AND id = ?`, r.Born, r.Born, r.Org, r.Platform, r.Channel, r.Thread, r.Org, r.Thread).Error
}

func (db *DB) told(r messageRow, err error) (bot.Message, error) {
	if err != nil {
		return bot.Message{}, fmt.Errorf("write message: %w", err)
	}
	db.changed.of(r.Org).signal()
	return r.message()
}

func messageByID(tx *gorm.DB, org, id string) (messageRow, bool, error) {
	return one[messageRow](tx, "SELECT * FROM messages WHERE org = ? AND id = ?", org, id)
}

// nextMessage counts the changes of an Org. Its row is held until the end, so
// that who reads a Seq has seen all before it.
func nextMessage(tx *gorm.DB, org string) (int64, error) {
	n, _, err := one[int64](tx, `INSERT INTO message_counts (org, n) VALUES (?, 1)
		ON CONFLICT (org) DO UPDATE SET n = message_counts.n + 1 RETURNING n`, org)
	return n, err
}

// Redraw replaces the card of a message.
func (db *DB) Redraw(ctx context.Context, org, id string, c bot.Card) (bot.Message, error) {
	card, err := encode(c)
	if err != nil {
		return bot.Message{}, err
	}
	var r messageRow
	err = db.write(ctx, func(tx *gorm.DB) error {
		n, err := nextMessage(tx, org)
		if err != nil {
			return err
		}
		var ok bool
		r, ok, err = one[messageRow](tx, `UPDATE messages SET seq = ?, card = ?, open = ?, edited = 1
			WHERE org = ? AND id = ? RETURNING *`, n, card, waits(&c), org, id)
		switch {
		case err != nil:
			return err
		case !ok:
			return agent.ErrNotFound
		}
		return lead(tx, r)
	})
	return db.told(r, err)
}

// Read returns what changed after a Seq, in a thread or, without the thread's
// ID, in a whole channel.
func (db *DB) Read(ctx context.Context, org string, t agent.Thread, after int64, limit int) ([]bot.Message, error) {
	sql, args := "SELECT * FROM messages WHERE org = ? AND platform = ? AND channel = ?", []any{org, t.Platform, t.Channel}
	if t.ID != "" {
		sql, args = sql+" AND thread = ?", append(args, t.ID)
	}
	return db.messages(ctx, sql+" AND seq > ? ORDER BY seq LIMIT ?", append(args, after, limit)...)
}

// Topics are the first messages of a channel's threads, those with an open card first,
// then by what was said last.
func (db *DB) Topics(ctx context.Context, org, platform, channel string, skip, limit int) ([]bot.Message, error) {
	return db.messages(ctx, `SELECT * FROM messages WHERE org = ? AND platform = ? AND channel = ? AND id = thread AND (newest > born OR alone = 0)
		ORDER BY waits DESC, newest DESC LIMIT ? OFFSET ?`, org, platform, channel, limit, skip)
}

// Share ends that a message is Alone.
func (db *DB) Share(ctx context.Context, org, id string) error {
	var shared int64
	err := db.write(ctx, func(tx *gorm.DB) error {
		n, err := nextMessage(tx, org)
		if err != nil {
			return err
		}
		shared, err = exec(tx, "UPDATE messages SET seq = ?, alone = 0 WHERE org = ? AND id = ? AND alone = 1", n, org, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("share message: %w", err)
	}
	if shared > 0 {
		db.changed.of(org).signal()
	}
	return nil
}

// Marked finds a message by the marker of the card that it was said with.
func (db *DB) Marked(ctx context.Context, org, marker string) (bot.Message, bool, error) {
	if marker == "" {
		return bot.Message{}, false, nil
	}
	all, err := db.messages(ctx, "SELECT * FROM messages WHERE org = ? AND marker = ? AND marker <> '' LIMIT 1", org, marker)
	if err != nil || len(all) == 0 {
		return bot.Message{}, false, err
	}
	return all[0], true, nil
}

func (db *DB) messages(ctx context.Context, sql string, args ...any) ([]bot.Message, error) {
	rows, err := many[messageRow](db.read(ctx), sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	all := make([]bot.Message, len(rows))
	for i := range rows {
		if all[i], err = rows[i].message(); err != nil {
			return nil, err
		}
	}
	return all, nil
}
