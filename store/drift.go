package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"interlock/agent"
	"interlock/bot"
)

var _ bot.Drifts = (*DB)(nil)

// Drift is what is known of a stack.
func (db *DB) Drift(ctx context.Context, org, stack string) (agent.Drift, error) {
	body, ok, err := one[string](db.read(ctx), "SELECT body FROM drifts WHERE org = ? AND stack = ?", org, stack)
	d := agent.Drift{Org: org, Stack: stack}
	if err == nil && ok {
		err = decode(body, &d)
	}
	if err != nil {
		return d, fmt.Errorf("read drift: %w", err)
	}
	return d, nil
}

// Drifts are what is known of all stacks of an Org, by name.
func (db *DB) Drifts(ctx context.Context, org string) ([]agent.Drift, error) {
	return db.drifts(ctx, "SELECT body FROM drifts WHERE org = ? ORDER BY stack", org)
}

// Alike are the drifts that are told of and show the same change, the oldest first; of
// one that is told with others already, those of its thread. One without findings is like
// no other.
func (db *DB) Alike(ctx context.Context, org string, d agent.Drift) (all []agent.Drift, err error) {
	switch key := d.Change(); {
	case d.Shared():
		all, err = db.drifts(ctx, "SELECT body FROM drifts WHERE org = ? AND thread = ? AND open = 1 ORDER BY stack", org, threadKey(d.Thread))
	case key != "":
		all, err = db.drifts(ctx, "SELECT body FROM drifts WHERE org = ? AND alike = ? AND open = 1 ORDER BY stack", org, key)
	}
	slices.SortStableFunc(all, func(a, b agent.Drift) int { return a.Began.Compare(b.Began) })
	return all, err
}

func (db *DB) drifts(ctx context.Context, query string, args ...any) ([]agent.Drift, error) {
	bodies, err := many[string](db.read(ctx), query, args...)
	if err != nil {
		return nil, fmt.Errorf("read drifts: %w", err)
	}
	all := make([]agent.Drift, len(bodies))
	for i, b := range bodies {
		if err := decode(b, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// swapDrift writes what is known of a stack unless it has moved; version 0 creates it.
func swapDrift(tx *gorm.DB, org string, d agent.Drift) error {
	if d.Org != org {
		return agent.ErrNotFound
	}
	was, open := d.Version, 0
	if d.Version++; d.Open() {
		open = 1
	}
	body, err := encode(d)
	if err != nil {
		return err
	}
	var n int64
	if was == 0 {
		n, err = exec(tx, "INSERT INTO drifts (org, stack, version, open, alike, thread, body) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (org, stack) DO NOTHING",
			org, d.Stack, d.Version, open, d.Change(), threadKey(d.Thread), body)
	} else {
		n, err = exec(tx, "UPDATE drifts SET version = ?, open = ?, alike = ?, thread = ?, body = ? WHERE org = ? AND stack = ? AND version = ?",
			d.Version, open, d.Change(), threadKey(d.Thread), body, org, d.Stack, was)
	}
	if err == nil && n == 0 {
		return agent.ErrRaced
	}
	return err
}

// markScans keeps a row of each look at a stack, for trends.
func markScans(tx *gorm.DB, org string, b agent.Batch) error {
	for _, ev := range b.Events {
		scan, failed := ev.Payload.Scan, 0
		switch res := ev.Payload.Result; {
		case ev.Kind == agent.KindResult && res != nil && !res.Failed:
			scan = res.Scan
		case ev.Kind == agent.KindFinding && ev.Payload.Drift == nil && scan != nil && scan.Failed != "":
			failed = 1
		default:
			continue
		}
		if scan == nil || failed == 0 && b.Drift == nil {
			continue // a look that a newer one overtook says nothing
		}
		open, accepted := 0, 0
		if b.Drift != nil {
			open, accepted = len(b.Drift.Findings), b.Drift.Settled()
		}
		if err := tx.Exec("INSERT INTO scans (org, id, stack, scanner, at, failed, open, accepted) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			org, ev.ID, scan.Stack, scan.Scanner, micros(ev.At), failed, open, accepted).Error; err != nil {
			return err
		}
	}
	return nil
}

// scansKept is how long a look is on record: the charts go back a month.
const scansKept = 32 * 24 * time.Hour

// Looked counts the scans of some stacks between two moments: those that could look, and
// those that could not.
func (db *DB) Looked(ctx context.Context, org string, stacks []string, from, until time.Time) (could, blind int, err error) {
	type failedRow struct{ Failed, N int }
	rows, err := many[failedRow](db.read(ctx), "SELECT failed, COUNT(*) AS n FROM scans WHERE org = ? AND stack IN ? AND at >= ? AND at < ? GROUP BY failed",
		org, stacks, micros(from), micros(until))
	if err != nil {
		return 0, 0, fmt.Errorf("count scans: %w", err)
	}
	for _, r := range rows {
		if r.Failed == 1 {
			blind = r.N
		} else {
			could = r.N
		}
	}
	return could, blind, nil
}

// Looks are the last scans of each day (UTC) of some stacks since a moment that could
// look, oldest first.
func (db *DB) Looks(ctx context.Context, org string, stacks []string, since time.Time) ([]bot.Look, error) {
	type lookRow struct {
		Stack, Scanner string
		At             int64
		Failed         int
		Open, Accepted int
	}
	rows, err := many[lookRow](db.read(ctx), `SELECT s.stack, s.scanner, s.at, s.failed, s.open, s.accepted FROM scans s JOIN (
		SELECT stack, MAX(at) AS last FROM scans WHERE org = ? AND stack IN ? AND at >= ? AND failed = 0 GROUP BY stack, at / ?) d
		ON d.stack = s.stack AND d.last = s.at WHERE s.org = ? AND s.failed = 0 ORDER BY s.at, s.id`, org, stacks, micros(since), (24 * time.Hour).Microseconds(), org)
	if err != nil {
		return nil, fmt.Errorf("read scans: %w", err)
	}
	all := make([]bot.Look, len(rows))
	for i, r := range rows {
		all[i] = bot.Look{Stack: r.Stack, Scanner: r.Scanner, At: moment(r.At), Failed: r.Failed == 1, Open: r.Open, Accepted: r.Accepted}
	}
	return all, nil
}
