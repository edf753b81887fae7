package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"interlock/agent"
	"interlock/rbac"
)

type freezeRow struct {
	ID, Env, Reason, Who string
	Until, At            int64
}

func (r freezeRow) freeze() rbac.Freeze {
	return rbac.Freeze{ID: r.ID, Env: r.Env, Until: moment(r.Until), Reason: r.Reason, By: r.Who, At: moment(r.At)}
}

// remembered is how long a freeze that is over stays among those that policy
// knows: longer than anybody looks back at a decision.
const remembered = 400 * 24 * time.Hour

// Freeze keeps a freeze; the same ID twice is one.
func (db *DB) Freeze(ctx context.Context, org string, f rbac.Freeze) error {
	return db.changePolicy(ctx, org, "freeze", func(tx *gorm.DB) (bool, error) {
		n, err := exec(tx, "INSERT INTO freezes (org, id, env, until, reason, who, at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (org, id) DO NOTHING",
			org, f.ID, f.Env, micros(f.Until), f.Reason, f.By, micros(f.At))
		return n > 0, err
	})
}

// Thaw ends the freezes of an environment that go on.
func (db *DB) Thaw(ctx context.Context, org, env string, by rbac.Actor, at time.Time) (ended []rbac.Freeze, err error) {
	err = db.changePolicy(ctx, org, "thaw", func(tx *gorm.DB) (bool, error) {
		rows, err := many[freezeRow](tx, "SELECT * FROM freezes WHERE org = ? AND env = ? AND until > ? ORDER BY at, id"+db.dialect().forUpdate, org, env, micros(at))
		if err != nil {
			return false, err
		}
		ended = nil
		for _, r := range rows {
			ended = append(ended, r.freeze())
			if err := tx.Exec("UPDATE freezes SET until = ?, thawed = ? WHERE org = ? AND id = ?", micros(at), string(by.Subject()), org, r.ID).Error; err != nil {
				return false, err
			}
		}
		return len(rows) > 0, nil
	})
	return ended, err
}

// Frozen are the freezes that go on, and those that ended in the last 400 days,
// oldest first.
func (db *DB) Frozen(ctx context.Context, org string) ([]rbac.Freeze, error) {
	rows, err := many[freezeRow](db.read(ctx), "SELECT * FROM freezes WHERE org = ? AND until > ? ORDER BY at, id", org, micros(time.Now().Add(-remembered)))
	if err != nil {
		return nil, fmt.Errorf("read freezes: %w", err)
	}
	var all []rbac.Freeze
	for _, r := range rows {
		all = append(all, r.freeze())
	}
	return all, nil
}

// Undecided are the holds that are open or approved, oldest first.
func (db *DB) Undecided(ctx context.Context, org string) ([]agent.Hold, error) {
	return holds(db.read(ctx), `SELECT body FROM (SELECT body, opened, id FROM holds WHERE org = ? AND state = 1
		UNION ALL SELECT body, opened, id FROM holds WHERE org = ? AND state = 2) AS undecided ORDER BY opened, id`, org, org)
}
