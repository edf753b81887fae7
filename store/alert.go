package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"interlock/agent"
)

var _ agent.Alerts = (*DB)(nil)

// swapAlert writes an alert unless it has moved; version 0 creates it.
func swapAlert(tx *gorm.DB, org string, a agent.Alert) error {
	if a.Org != org {
		return agent.ErrNotFound
	}
	if _, err := session(tx, org, a.Session, ""); err != nil {
		return err
	}
	was := a.Version
	a.Version++
	body, err := encode(a)
	if err != nil {
		return err
	}
	n, err := putAlert(tx, was, a, body)
	if err == nil && n == 0 {
		return agent.ErrRaced
	}
	return err
}

func putAlert(tx *gorm.DB, was int, a agent.Alert, body string) (int64, error) {
	if was == 0 {
		return exec(tx, `INSERT INTO alerts (org, id, session, version, state, opened, body)
			VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (org, id) DO NOTHING`,
			a.Org, a.ID, a.Session, a.Version, int(a.State), micros(a.Opened), body)
	}
	return exec(tx, "UPDATE alerts SET version = ?, state = ?, body = ? WHERE org = ? AND id = ? AND version = ?",
		a.Version, int(a.State), body, a.Org, a.ID, was)
}

// Alert gives an alert as it is now.
func (db *DB) Alert(ctx context.Context, org, id string) (a agent.Alert, err error) {
	body, ok, err := one[string](db.read(ctx), "SELECT body FROM alerts WHERE org = ? AND id = ?", org, id)
	switch {
	case err != nil:
		return a, fmt.Errorf("read alert: %w", err)
	case !ok:
		return a, agent.ErrNotFound
	}
	return a, decode(body, &a)
}

// OpenAlerts are those that are not resolved, oldest first. The state stands in the
// text, because only so the partial index is used.
func (db *DB) OpenAlerts(ctx context.Context, org string) ([]agent.Alert, error) {
	bodies, err := many[string](db.read(ctx), "SELECT body FROM alerts WHERE org = ? AND state <> 4 ORDER BY opened, id", org)
	if err != nil {
		return nil, fmt.Errorf("read alerts: %w", err)
	}
	all := make([]agent.Alert, len(bodies))
	for i, b := range bodies {
		if err := decode(b, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}
