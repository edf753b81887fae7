package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
)

// SetMembers keeps who is in a group of a chat ("slack:T1/S1") or of an identity
// provider ("oidc:NAME"), in place of who was: identities as "platform:tenant/id",
// or persons as "person:ID".
func (db *DB) SetMembers(ctx context.Context, org, source string, members []string) error {
	sorted := slices.Compact(slices.Sorted(slices.Values(members)))
	ids, err := encode(sorted)
	if err != nil {
		return err
	}
	return db.changePolicy(ctx, org, "keep members", func(tx *gorm.DB) (bool, error) {
		// the same list counts as news: the old one may have been too old to count
		return true, tx.Exec(`INSERT INTO members (org, source, ids, at) VALUES (?, ?, ?, ?)
			ON CONFLICT (org, source) DO UPDATE SET ids = excluded.ids, at = excluded.at`, org, source, ids, nowMicros()).Error
	})
}

// Members are those of the groups that were read at or after since: who is in an
// older list is not known any more.
func (db *DB) Members(ctx context.Context, org string, since time.Time) (map[string][]string, error) {
	type membersRow struct{ Source, IDs string }
	rows, err := many[membersRow](db.read(ctx), "SELECT source, ids FROM members WHERE org = ? AND at >= ?", org, micros(since))
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	all := map[string][]string{}
	for _, r := range rows {
		var ids []string
		if err := decode(r.IDs, &ids); err != nil {
			return nil, err
		}
		all[r.Source] = ids
	}
	return all, nil
}
