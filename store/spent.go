package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// spentKept is how much longer than it works it is kept what was used: clocks differ.
const spentKept = 24 * time.Hour

// Spend uses up what works once and not after ends, and tells whether nobody had. Of
// several processes that share the database one is the first; when it has returned, a
// crash does not give it back.
func (db *DB) Spend(ctx context.Context, org, id string, ends time.Time) (first bool, err error) {
	if _, err := db.of(org); err != nil {
		return false, fmt.Errorf("spend: %w", err)
	}
	err = db.write(ctx, func(tx *gorm.DB) error {
		n, err := exec(tx, "INSERT INTO spent (org, id, ends) VALUES (?, ?, ?) ON CONFLICT (org, id) DO NOTHING", org, id, micros(ends))
		first = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("spend: %w", err)
	}
	return first, nil
}

// Spent tells whether it was used up, for what is only shown: Spend decides.
func (db *DB) Spent(ctx context.Context, org, id string) (bool, error) {
	_, used, err := one[int](db.read(ctx), "SELECT 1 FROM spent WHERE org = ? AND id = ?", org, id)
	if err != nil {
		return false, fmt.Errorf("read what was spent: %w", err)
	}
	return used, nil
}
