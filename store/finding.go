package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"interlock/agent"
)

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
