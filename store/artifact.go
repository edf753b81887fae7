package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"gorm.io/gorm"

	"interlock/agent"
)

// artifactRow is an artifact under the Org's key.
type artifactRow struct {
	Org, ID, Kind, Session string
	Meta, Ciphertext       []byte
	Size, At, Expires      int64
}

// TableName is the table's.
func (artifactRow) TableName() string { return "artifacts" }

func artifactBelongs(org, id string) string { return string(fields("artifact", org, id)) }

// What is told of an artifact is as confidential as the artifact: of a plan, the plan.
func metaBelongs(org, id string) string { return string(fields("artifact meta", org, id)) }

// Keep stores an artifact under the hash of its bytes. What is there already
// stays, and lives as long as the longer of the two.
func (db *DB) Keep(ctx context.Context, a agent.Artifact) (string, error) {
	if int64(len(a.Bytes)) > db.limit {
		return "", fmt.Errorf("keep artifact of %d bytes, at most %d: %w", len(a.Bytes), db.limit, agent.ErrTooLarge)
	}
	k, err := db.of(a.Org)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(a.Bytes)
	id := hex.EncodeToString(sum[:])
	r := artifactRow{
		Org: a.Org, ID: id, Kind: a.Kind, Session: a.Session,
		Size: int64(len(a.Bytes)), At: micros(a.At), Expires: micros(a.Expires),
	}
	if r.Ciphertext, err = seal(k.artifacts, artifactBelongs(a.Org, id), a.Bytes); err != nil {
		return "", err
	}
	if len(a.Meta) > 0 {
		if r.Meta, err = seal(k.artifacts, metaBelongs(a.Org, id), a.Meta); err != nil {
			return "", err
		}
	}
	if err := db.write(ctx, func(tx *gorm.DB) error { return keep(tx, r) }); err != nil {
		return "", fmt.Errorf("keep artifact: %w", err)
	}
	return id, nil
}

func keep(tx *gorm.DB, r artifactRow) error {
	if err := tx.Exec("DELETE FROM artifacts WHERE org = ? AND id = ? AND expires > 0 AND expires <= ?", r.Org, r.ID, nowMicros()).Error; err != nil {
		return err
	}
	return tx.Exec(`INSERT INTO artifacts (org, id, kind, session, meta, ciphertext, size, at, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (org, id) DO UPDATE SET expires = CASE
			WHEN excluded.expires = 0 OR artifacts.expires = 0 THEN 0
			WHEN excluded.expires > artifacts.expires THEN excluded.expires ELSE artifacts.expires END`,
		r.Org, r.ID, r.Kind, r.Session, r.Meta, r.Ciphertext, r.Size, r.At, r.Expires).Error
}

// Artifact gives what was kept, until it expires.
func (db *DB) Artifact(ctx context.Context, org, id string) (a agent.Artifact, err error) {
	k, err := db.of(org)
	if err != nil {
		return a, agent.ErrNotFound
	}
	r, ok, err := one[artifactRow](db.read(ctx), "SELECT * FROM artifacts WHERE org = ? AND id = ? AND (expires = 0 OR expires > ?)", org, id, nowMicros())
	switch {
	case err != nil:
		return a, fmt.Errorf("read artifact: %w", err)
	case !ok:
		return a, agent.ErrNotFound
	}
	a = agent.Artifact{ID: r.ID, Org: r.Org, Kind: r.Kind, Session: r.Session, At: moment(r.At), Expires: moment(r.Expires)}
	if a.Bytes, err = open(k.artifacts, artifactBelongs(org, id), r.Ciphertext); err != nil {
		return agent.Artifact{}, fmt.Errorf("artifact %s: %w", id, err)
	}
	if len(r.Meta) > 0 {
		if a.Meta, err = open(k.artifacts, metaBelongs(org, id), r.Meta); err != nil {
			return agent.Artifact{}, fmt.Errorf("artifact %s: %w", id, err)
		}
	}
	return a, nil
}

// Discard forgets what a session made, when newer work took its place. Whatever
// else is kept under the same bytes stays, and what is not there is no error.
func (db *DB) Discard(ctx context.Context, org, id string) error {
	if _, err := db.of(org); err != nil {
		return err
	}
	err := db.write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("DELETE FROM artifacts WHERE org = ? AND id = ? AND kind = ?", org, id, agent.KindWork).Error
	})
	if err != nil {
		return fmt.Errorf("discard artifact: %w", err)
	}
	return nil
}
