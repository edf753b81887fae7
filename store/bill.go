package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"interlock/agent"
)

// billRow is a sum of bills as the tables hold it.
type billRow struct {
	Input, Output, CacheRead, CacheWrite int64
	Cost, Replies, Unpriced              int64
}

func (r billRow) sum() agent.Sum {
	return agent.Sum{
		Usage: agent.Usage{Input: int(r.Input), Output: int(r.Output), CacheRead: int(r.CacheRead), CacheWrite: int(r.CacheWrite)},
		Cost:  agent.Money(r.Cost), Replies: int(r.Replies), Unpriced: int(r.Unpriced),
	}
}

const billSums = `COALESCE(SUM(input), 0) AS input, COALESCE(SUM(output), 0) AS output, COALESCE(SUM(cache_read), 0) AS cache_read,
	COALESCE(SUM(cache_write), 0) AS cache_write, COALESCE(SUM(cost), 0) AS cost, COALESCE(SUM(unpriced), 0) AS unpriced`

// insertBills bills the events that cost something, in the transaction that
// writes them: each once, and in the sum of its month.
func insertBills(tx *gorm.DB, evs []agent.Event) error {
	for _, ev := range evs {
		b := ev.Payload.Bill
		if b == nil {
			continue
		}
		unpriced := 1
		if b.Priced {
			unpriced = 0
		}
		u, who := b.Usage, string(ev.Actor.Subject())
		if err := tx.Exec(`INSERT INTO bills (org, event, session, turn, run, person, model, at, input, output, cache_read, cache_write, cost, unpriced)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, ev.Org, ev.ID, ev.Session, ev.Turn, ev.Run, who, b.Model, micros(ev.At),
			u.Input, u.Output, u.CacheRead, u.CacheWrite, int64(b.Cost), unpriced).Error; err != nil {
			return err
		}
		if err := tx.Exec(`INSERT INTO bill_months (org, month, person, input, output, cache_read, cache_write, cost, replies, unpriced)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?) ON CONFLICT (org, month, person) DO UPDATE SET
			input = bill_months.input + excluded.input, output = bill_months.output + excluded.output,
			cache_read = bill_months.cache_read + excluded.cache_read, cache_write = bill_months.cache_write + excluded.cache_write,
			cost = bill_months.cost + excluded.cost, replies = bill_months.replies + 1, unpriced = bill_months.unpriced + excluded.unpriced`,
			ev.Org, micros(agent.Month(ev.At)), who, u.Input, u.Output, u.CacheRead, u.CacheWrite, int64(b.Cost), unpriced).Error; err != nil {
			return err
		}
	}
	return nil
}

// Billed adds up bills. Months are summed as they are written, so that asking
// for one before each step of a model stays cheap: it reads a row a person.
func (db *DB) Billed(ctx context.Context, org string, f agent.BillFilter) (agent.Sum, error) {
	sum, err := db.billed(ctx, org, f)
	if err != nil {
		return sum, fmt.Errorf("read bills: %w", err)
	}
	return sum, nil
}

func (db *DB) billed(ctx context.Context, org string, f agent.BillFilter) (agent.Sum, error) {
	if _, err := db.of(org); err != nil {
		return agent.Sum{}, err
	}
	tx := db.read(ctx)
	sql := "SELECT " + billSums + ", COALESCE(SUM(replies), 0) AS replies FROM bill_months WHERE org = ? AND month >= ?"
	args := []any{org, micros(agent.Month(f.From))}
	if f.Thread != (agent.Thread{}) {
		s, ok, err := find(tx, org, threadKey(f.Thread))
		if err != nil || !ok {
			return agent.Sum{}, err
		}
		sql = "SELECT " + billSums + ", COUNT(*) AS replies FROM bills WHERE org = ? AND session = ? AND at >= ?"
		args = []any{org, s.ID, micros(f.From)}
	}
	if f.Person != "" {
		sql, args = sql+" AND person = ?", append(args, string(f.Person))
	}
	row, _, err := one[billRow](tx, sql, args...)
	return row.sum(), err
}
