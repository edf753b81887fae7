package store

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// sealEvery is how soon what was written is sealed.
const sealEvery = time.Second

// headsAtOnce bounds the rows of one statement.
const headsAtOnce = 500

// checkpointRow signs the heads of sessions that moved since the one before it.
type checkpointRow struct {
	Org                   string
	N, At                 int64
	Prev, Root, Signature []byte
}

// TableName is the table's.
func (checkpointRow) TableName() string { return "checkpoints" }

// headRow is where a session's log stood.
type headRow struct {
	Org     string
	N       int64
	Session string
	Seq     int64
	Hash    []byte
}

// TableName is the table's.
func (headRow) TableName() string { return "checkpoint_heads" }

// signed is the canonical bytes that the signature is over.
func (c *checkpointRow) signed() []byte {
	return fields("checkpoint", c.Org, c.N, c.At, c.Prev, c.Root)
}

// link is what the next checkpoint calls its prev.
func (c *checkpointRow) link() []byte { return hash(c.signed(), c.Signature) }

// root is over heads in the order of their sessions.
func root(heads []headRow) []byte {
	var b []byte
	for _, h := range heads {
		b = append(b, fields("head", h.Session, h.Seq, h.Hash)...)
	}
	return hash(b)
}

// Seal writes a signed checkpoint over the sessions that moved since the last
// one, and tells whether there were any.
func (db *DB) Seal(ctx context.Context, org string) (sealed bool, err error) {
	k, err := db.of(org)
	if err != nil {
		return false, err
	}
	if moved, _, err := one[bool](db.read(ctx), "SELECT EXISTS (SELECT 1 FROM sessions WHERE org = ? AND seq > sealed)", org); err != nil || !moved {
		return false, err
	}
	err = db.write(ctx, func(tx *gorm.DB) error {
		sealed, err = db.seal(tx, org, k.sign)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

func (db *DB) seal(tx *gorm.DB, org string, key ed25519.PrivateKey) (bool, error) {
	if err := db.lockName(tx, "seal "+org); err != nil {
		return false, err
	}
	heads, err := many[headRow](tx, "SELECT org, id AS session, seq, head AS hash FROM sessions WHERE org = ? AND seq > sealed ORDER BY id", org)
	if err != nil || len(heads) == 0 {
		return false, err
	}
	last, ok, err := one[checkpointRow](tx, "SELECT * FROM checkpoints WHERE org = ? ORDER BY n DESC LIMIT 1", org)
	if err != nil {
		return false, err
	}
	c := checkpointRow{Org: org, N: last.N + 1, At: nowMicros(), Prev: genesis(), Root: root(heads)}
	if ok {
		c.Prev = last.link()
	}
	c.Signature = ed25519.Sign(key, c.signed())
	for i, h := range heads {
		heads[i].N = c.N
		if err := tx.Exec("UPDATE sessions SET sealed = ? WHERE org = ? AND id = ?", h.Seq, org, h.Session).Error; err != nil {
			return false, err
		}
	}
	if err := tx.Create(&c).Error; err != nil {
		return false, err
	}
	return true, tx.CreateInBatches(&heads, headsAtOnce).Error
}

// Sealer seals each Org every second while there is something to seal, until
// ctx ends, and once more then.
func (db *DB) Sealer(ctx context.Context) error {
	tick := time.NewTicker(sealEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			late, done := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
			defer done()
			return db.sealAll(late)
		case <-tick.C:
		}
		db.report(ctx, "seal", db.sealAll(ctx))
	}
}

func (db *DB) sealAll(ctx context.Context) error {
	for _, org := range db.orgs {
		if _, err := db.Seal(ctx, org); err != nil {
			return fmt.Errorf("organisation %q: %w", org, err)
		}
	}
	return nil
}
