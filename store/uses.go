package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"interlock/agent"
)

// asksKept is how long a taken request counts at most: limits are of an hour.
const asksKept = 48 * time.Hour

// insertUses counts requests and tokens in the transaction that writes them.
// rooms are those of the sessions.
func insertUses(tx *gorm.DB, evs []agent.Event, rooms map[string]string) error {
	for _, ev := range evs {
		who, room := string(ev.Actor.Subject()), rooms[ev.Session]
		if ev.Kind == agent.KindAsk {
			if err := tx.Exec("INSERT INTO asks (org, event, person, room, at) VALUES (?, ?, ?, ?, ?)", ev.Org, ev.ID, who, room, micros(ev.At)).Error; err != nil {
				return err
			}
		}
		if b := ev.Payload.Bill; b != nil && b.Usage.Fresh() > 0 {
			for _, scope := range []string{"", personScope(who), roomScope(room)} {
				if err := tx.Exec(`INSERT INTO token_days (org, scope, day, tokens) VALUES (?, ?, ?, ?)
					ON CONFLICT (org, scope, day) DO UPDATE SET tokens = token_days.tokens + excluded.tokens`,
					ev.Org, scope, micros(day(ev.At)), b.Usage.Fresh()).Error; err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func personScope(person string) string { return "person " + person }
func roomScope(room string) string     { return "room " + room }
func day(t time.Time) time.Time        { return t.UTC().Truncate(24 * time.Hour) }

// Used counts requests since f.Hour, and tokens since the day of f.Day (UTC). Of a
// person and a room at once, tokens are those of the person.
func (db *DB) Used(ctx context.Context, org string, f agent.UseFilter) (u agent.Use, err error) {
	if _, err := db.of(org); err != nil {
		return u, fmt.Errorf("read use: %w", err)
	}
	sql, args, scope := "SELECT COUNT(*) FROM asks WHERE org = ? AND at > ?", []any{org, micros(f.Hour)}, ""
	if f.Room != "" {
		sql, args, scope = sql+" AND room = ?", append(args, f.Room), roomScope(f.Room)
	}
	if f.Person != "" {
		sql, args, scope = sql+" AND person = ?", append(args, string(f.Person)), personScope(string(f.Person))
	}
	if u.Runs, _, err = one[int](db.read(ctx), sql, args...); err != nil {
		return u, fmt.Errorf("read use: %w", err)
	}
	u.Tokens, _, err = one[int](db.read(ctx), "SELECT COALESCE(SUM(tokens), 0) FROM token_days WHERE org = ? AND scope = ? AND day >= ?", org, scope, micros(day(f.Day)))
	if err != nil {
		return u, fmt.Errorf("read use: %w", err)
	}
	return u, nil
}
