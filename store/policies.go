package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"interlock/agent"
)

// PolicyVersion is an Org's policy at one time: Rules as JSON, as they were in
// force, or Text as somebody wrote it, by whom and why.
type PolicyVersion struct {
	N                     int64 // counted for each Org, from 1
	Hash, Source, By, Why string
	At                    time.Time
	Rules, Text           []byte
}

// PolicyCount moves whenever anything in the database does that says who may do
// what. It reads one row.
func (db *DB) PolicyCount(ctx context.Context, org string) (int64, error) {
	if _, err := db.of(org); err != nil {
		return 0, fmt.Errorf("read policy count: %w", err)
	}
	n, _, err := one[int64](db.read(ctx), "SELECT n FROM policy_counts WHERE org = ?", org)
	if err != nil {
		return 0, fmt.Errorf("read policy count: %w", err)
	}
	return n, nil
}

// countPolicy moves the count, in the transaction that changes something.
func countPolicy(tx *gorm.DB, org string) error {
	return tx.Exec(`INSERT INTO policy_counts (org, n) VALUES (?, 1) ON CONFLICT (org) DO UPDATE SET n = policy_counts.n + 1`, org).Error
}

// changePolicy runs one write of an Org that moves the count when it changed
// something. It answers ErrRaced and ErrNotFound as they are.
func (db *DB) changePolicy(ctx context.Context, org, what string, fn func(tx *gorm.DB) (changed bool, err error)) error {
	if _, err := db.of(org); err != nil {
		return agent.ErrNotFound
	}
	err := db.write(ctx, func(tx *gorm.DB) error {
		changed, err := fn(tx)
		if err != nil || !changed {
			return err
		}
		return countPolicy(tx, org)
	})
	if err == nil || errors.Is(err, agent.ErrRaced) || errors.Is(err, agent.ErrNotFound) {
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}

type policyRow struct {
	N                                      int64
	Hash, Source, Author, Why, Rules, Text string
	At                                     int64
}

func (r policyRow) version() PolicyVersion {
	return PolicyVersion{N: r.N, Hash: r.Hash, Source: r.Source, By: r.Author, Why: r.Why, At: moment(r.At), Rules: []byte(r.Rules), Text: []byte(r.Text)}
}

// RecordPolicy keeps rules that are in force from now on, unless the newest ones
// have the same Hash; with By, who changed them, also then: whoever loaded them first
// knows nothing of it. The rows can never be changed.
func (db *DB) RecordPolicy(ctx context.Context, org string, v PolicyVersion) error {
	if _, err := db.of(org); err != nil {
		return agent.ErrNotFound
	}
	const newest = "SELECT n, hash FROM policies WHERE org = ? ORDER BY n DESC LIMIT 1"
	if was, ok, err := one[policyRow](db.read(ctx), newest, org); err == nil && ok && was.Hash == v.Hash && v.By == "" {
		return nil // most often; it saves a write
	}
	err := db.write(ctx, func(tx *gorm.DB) error {
		if err := db.lockName(tx, "policies "+org); err != nil {
			return err
		}
		was, _, err := one[policyRow](tx, newest, org)
		if err != nil || was.Hash == v.Hash && v.By == "" {
			return err
		}
		return tx.Exec("INSERT INTO policies (org, n, hash, source, at, rules) VALUES (?, ?, ?, ?, ?, ?)",
			org, was.N+1, v.Hash, v.Source, micros(v.At), string(v.Rules)).Error
	})
	if err != nil {
		return fmt.Errorf("record policy: %w", err)
	}
	return nil
}

// PolicyAt gives recorded rules by their hash.
func (db *DB) PolicyAt(ctx context.Context, org, hash string) (PolicyVersion, error) {
	r, ok, err := one[policyRow](db.read(ctx), "SELECT * FROM policies WHERE org = ? AND hash = ? ORDER BY n LIMIT 1", org, hash)
	switch {
	case err != nil:
		return PolicyVersion{}, fmt.Errorf("read policy: %w", err)
	case !ok:
		return PolicyVersion{}, agent.ErrNotFound
	}
	return r.version(), nil
}

// Policies are the recorded rules, newest first, without their bodies.
func (db *DB) Policies(ctx context.Context, org string, limit int) ([]PolicyVersion, error) {
	return policyVersions(db.read(ctx), "SELECT n, hash, source, at FROM policies WHERE org = ? ORDER BY n DESC LIMIT ?", org, limit)
}

// PolicyTexts are what people wrote, newest first.
func (db *DB) PolicyTexts(ctx context.Context, org string, limit int) ([]PolicyVersion, error) {
	return policyVersions(db.read(ctx), "SELECT * FROM policy_texts WHERE org = ? ORDER BY n DESC LIMIT ?", org, limit)
}

func policyVersions(tx *gorm.DB, sql string, args ...any) ([]PolicyVersion, error) {
	rows, err := many[policyRow](tx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read policies: %w", err)
	}
	all := make([]PolicyVersion, len(rows))
	for i, r := range rows {
		all[i] = r.version()
	}
	return all, nil
}

// PolicyText is the newest policy that somebody wrote here, if anybody did.
func (db *DB) PolicyText(ctx context.Context, org string) (v PolicyVersion, ok bool, err error) {
	all, err := db.PolicyTexts(ctx, org, 1)
	if err != nil || len(all) == 0 {
		return v, false, err
	}
	return all[0], true, nil
}

// SetPolicyText writes the next policy after version was, which is 0 before the
// first; when another one came meanwhile it answers ErrRaced.
func (db *DB) SetPolicyText(ctx context.Context, org string, was int64, v PolicyVersion) (n int64, err error) {
	err = db.changePolicy(ctx, org, "write policy", func(tx *gorm.DB) (bool, error) {
		if err := db.lockName(tx, "policy texts "+org); err != nil {
			return false, err
		}
		newest, _, err := one[int64](tx, "SELECT COALESCE(MAX(n), 0) FROM policy_texts WHERE org = ?", org)
		if err != nil {
			return false, err
		}
		if newest != was {
			return false, agent.ErrRaced
		}
		n = was + 1
		return true, tx.Exec("INSERT INTO policy_texts (org, n, author, why, at, text) VALUES (?, ?, ?, ?, ?, ?)",
			org, n, v.By, v.Why, micros(v.At), string(v.Text)).Error
	})
	return n, err
}
