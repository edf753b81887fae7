package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"interlock/agent"
	"interlock/rbac"
)

// Askers tells whether anybody spoke to the bot in a thread, and who: by what
// waits there, and by what its session has seen.
func (db *DB) Askers(ctx context.Context, org string, t agent.Thread) (known bool, who []rbac.Subject, err error) {
	key := threadKey(t)
	tx := db.read(ctx)
	s, known, err := find(tx, org, key)
	if err != nil {
		return false, nil, fmt.Errorf("find session: %w", err)
	}
	waiting, err := db.jobs(ctx, "SELECT body FROM jobs WHERE org = ? AND thread = ? AND state = 'ready'", org, key)
	if err != nil {
		return false, nil, err
	}
	for _, j := range waiting {
		if j.Text != "" {
			known, who = true, append(who, j.Actor.Subject())
		}
	}
	seen, err := many[rbac.Subject](tx, "SELECT subject FROM askers WHERE org = ? AND session = ?", org, s.ID)
	if err != nil {
		return false, nil, fmt.Errorf("read askers: %w", err)
	}
	return known, append(who, seen...), nil
}

// asked remembers who asked, once, when the job is claimed: what people wait for
// costs nothing more.
func asked(tx *gorm.DB, session string, j agent.Job) error {
	if j.Text == "" {
		return nil
	}
	return tx.Exec("INSERT INTO askers (org, session, subject) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", j.Org, session, string(j.Actor.Subject())).Error
}
