package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"interlock/agent"
	"interlock/bot"
)

var _ bot.Findings = (*DB)(nil)

// writeFindings opens what was seen, and closes what is gone. A finding that
// was open keeps its Since; one that comes back begins anew.
func writeFindings(tx *gorm.DB, org string, seen, gone []agent.Finding) error {
	for _, f := range gone {
		if err := tx.Exec("UPDATE findings SET gone = 1 WHERE org = ? AND stack = ? AND fingerprint = ?", org, f.Stack, f.Fingerprint).Error; err != nil {
			return err
		}
	}
	for _, f := range seen {
		f.Org = org
		body, err := encode(f)
		if err != nil {
			return err
		}
		if err := tx.Exec(`INSERT INTO findings (org, stack, fingerprint, since, seen, body) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (org, stack, fingerprint) DO UPDATE SET
			since = CASE WHEN findings.gone = 1 THEN excluded.since ELSE findings.since END,
			seen = excluded.seen, body = excluded.body, gone = 0`,
			org, f.Stack, f.Fingerprint, micros(f.Since), micros(f.Seen), body).Error; err != nil {
			return err
		}
	}
	return nil
}

// markScans notes each scan that could look. It is a row without a fingerprint,
// which is never open, so that a scan that found nothing is on record too.
func markScans(tx *gorm.DB, org string, evs []agent.Event) error {
	for _, ev := range evs {
		res := ev.Payload.Result
		if ev.Kind != agent.KindResult || res == nil || res.Failed || res.Scan == nil {
			continue
		}
		if err := tx.Exec(`INSERT INTO findings (org, stack, fingerprint, since, seen, gone, body) VALUES (?, ?, '', 0, ?, 1, '{}')
			ON CONFLICT (org, stack, fingerprint) DO UPDATE SET
			seen = CASE WHEN excluded.seen > findings.seen THEN excluded.seen ELSE findings.seen END`, org, res.Scan.Stack, micros(ev.At)).Error; err != nil {
			return err
		}
	}
	return nil
}

// OpenFindings lists what a stack's scans saw and has not gone, oldest first.
func (db *DB) OpenFindings(ctx context.Context, org, stack string) ([]agent.Finding, error) {
	type findingRow struct {
		Since, Seen int64
		Body        string
	}
	rows, err := many[findingRow](db.read(ctx), `SELECT since, seen, body FROM findings
		WHERE org = ? AND stack = ? AND gone = 0 ORDER BY since, fingerprint`, org, stack)
	if err != nil {
		return nil, fmt.Errorf("read findings: %w", err)
	}
	var open []agent.Finding
	for _, r := range rows {
		var f agent.Finding
		if err := decode(r.Body, &f); err != nil {
			return nil, err
		}
		f.Since, f.Seen = moment(r.Since), moment(r.Seen)
		open = append(open, f)
	}
	return open, nil
}

// LastScan is when a scan last looked at the stack, or the zero time.
func (db *DB) LastScan(ctx context.Context, org, stack string) (time.Time, error) {
	at, _, err := one[int64](db.read(ctx), "SELECT COALESCE(MAX(seen), 0) FROM findings WHERE org = ? AND stack = ?", org, stack)
	if err != nil {
		return time.Time{}, fmt.Errorf("read findings: %w", err)
	}
	return moment(at), nil
}
