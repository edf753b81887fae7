package store

import (
	"context"
	"fmt"
	"time"

	"interlock/agent"
	"interlock/bot/notify"
)

var _ notify.Signs = (*DB)(nil)

// Ended counts requests that ended since a moment, and those of them that failed.
func (db *DB) Ended(ctx context.Context, org string, since time.Time) (ended, failed int, err error) {
	type kindRow struct {
		Kind string
		N    int
	}
	rows, err := many[kindRow](db.read(ctx), `SELECT e.kind, COUNT(*) AS n FROM sessions s JOIN events e ON e.org = s.org AND e.session = s.id
		WHERE s.org = ? AND s.moved >= ? AND e.at >= ? AND e.kind IN ? GROUP BY e.kind`,
		org, micros(since), micros(since), []agent.Kind{agent.KindAnswer, agent.KindStopped, agent.KindGaveUp})
	if err != nil {
		return 0, 0, fmt.Errorf("count requests: %w", err)
	}
	for _, r := range rows {
		ended += r.N
		if agent.Kind(r.Kind) == agent.KindGaveUp {
			failed += r.N
		}
	}
	return ended, failed, nil
}

// Tokens are those of models on each of the last days (UTC), the day of now last.
func (db *DB) Tokens(ctx context.Context, org string, days int, now time.Time) ([]int, error) {
	type dayRow struct {
		Day    int64
		Tokens int
	}
	last := day(now)
	first := last.AddDate(0, 0, 1-days)
	rows, err := many[dayRow](db.read(ctx), "SELECT day, tokens FROM token_days WHERE org = ? AND scope = '' AND day >= ?", org, micros(first))
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	all := make([]int, days)
	for _, r := range rows {
		if i := int(moment(r.Day).Sub(first) / (24 * time.Hour)); i >= 0 && i < days {
			all[i] = r.Tokens
		}
	}
	return all, nil
}
