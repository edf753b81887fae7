package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"interlock/agent"
	"interlock/agent/tools/tofu"
)

var _ tofu.Changes = (*DB)(nil)

// Changes is how many live changes of a stack have begun.
func (db *DB) Changes(ctx context.Context, org, stack string) (int64, error) {
	n, _, err := one[int64](db.read(ctx), "SELECT n FROM changes WHERE org = ? AND stack = ?", org, stack)
	if err != nil {
		return 0, fmt.Errorf("count changes: %w", err)
	}
	return n, nil
}

// countChanges counts those that a batch begins, in its own write.
func countChanges(tx *gorm.DB, org string, evs []agent.Event) error {
	for _, ev := range evs {
		stack := ev.Begins()
		if stack == "" {
			continue
		}
		if err := tx.Exec(`INSERT INTO changes (org, stack, n) VALUES (?, ?, 1)
			ON CONFLICT (org, stack) DO UPDATE SET n = changes.n + 1`, org, stack).Error; err != nil {
			return fmt.Errorf("count change: %w", err)
		}
	}
	return nil
}
