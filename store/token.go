package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

func tokenBelongs(org, name string) string { return string(fields("token", org, name)) }

// Token gives what PutToken kept under a name, or nil.
func (db *DB) Token(ctx context.Context, org, name string) ([]byte, error) {
	k, err := db.of(org)
	if err != nil {
		return nil, err
	}
	row, ok, err := one[struct{ Ciphertext []byte }](db.read(ctx), "SELECT ciphertext FROM tokens WHERE org = ? AND name = ?", org, name)
	if err != nil {
		return nil, fmt.Errorf("read token: %w", err)
	}
	if !ok {
		return nil, nil
	}
	b, err := open(k.artifacts, tokenBelongs(org, name), row.Ciphertext)
	if err != nil {
		return nil, fmt.Errorf("open token: %w", err)
	}
	return b, nil
}

// PutToken keeps what a platform gives and replaces, such as a credential or where
// somebody is reached, under the Org's key. When it has returned, a crash does not lose it.
func (db *DB) PutToken(ctx context.Context, org, name string, b []byte) error {
	k, err := db.of(org)
	if err != nil {
		return err
	}
	sealed, err := seal(k.artifacts, tokenBelongs(org, name), b)
	if err != nil {
		return err
	}
	err = db.write(ctx, func(tx *gorm.DB) error {
		return tx.Exec(`INSERT INTO tokens (org, name, ciphertext) VALUES (?, ?, ?)
			ON CONFLICT (org, name) DO UPDATE SET ciphertext = excluded.ciphertext`, org, name, sealed).Error
	})
	if err != nil {
		return fmt.Errorf("keep token: %w", err)
	}
	return nil
}
