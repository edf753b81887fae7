package store

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"

	"gorm.io/gorm"
)

// mostProblems bounds a Report; one broken thing can break many.
const mostProblems = 100

// Report is what Verify found. Unsealed counts the events since the last
// checkpoint. Head names the last checkpoint: whoever keeps it elsewhere finds
// out when a whole database was replaced by an older one.
type Report struct {
	Events, Erased, Sessions, Checkpoints int
	Unsealed                              int
	Head                                  string // "n:hash" of the last checkpoint, empty before the first
	Problems                              []string
}

// verifier reads an Org's tables once, in one snapshot.
type verifier struct {
	Report
	org      string
	keys     keys
	sessions map[string]sessionRow
	wrapped  map[string][]byte
	sealed   map[string]headRow // the newest of each session
	payloads int
}

// Verify computes every hash, link and signature of an Org anew, from the rows
// alone. An error means that it could not look; what it found is in Problems.
func (db *DB) Verify(ctx context.Context, org string) (Report, error) {
	k, err := db.of(org)
	if err != nil {
		return Report{}, err
	}
	v := &verifier{org: org, keys: k, sealed: map[string]headRow{}}
	err = db.snapshot(ctx, func(tx *gorm.DB) error {
		for _, step := range []func(*gorm.DB) error{v.readSessions, v.checkpoints, v.events, v.leftovers} {
			if err := step(tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Report{}, fmt.Errorf("verify: %w", err)
	}
	return v.Report, nil
}

func (v *verifier) problem(format string, args ...any) {
	if len(v.Problems) < mostProblems {
		v.Problems = append(v.Problems, fmt.Sprintf(format, args...))
	}
}

func (v *verifier) readSessions(tx *gorm.DB) error {
	rows, err := many[sessionRow](tx, "SELECT * FROM sessions WHERE org = ?", v.org)
	if err != nil {
		return err
	}
	v.sessions, v.wrapped, v.Sessions = make(map[string]sessionRow, len(rows)), map[string][]byte{}, len(rows)
	for _, r := range rows {
		v.sessions[r.ID] = r
	}
	type keyRow struct {
		Session string
		Wrapped []byte
	}
	wrapped, err := many[keyRow](tx, "SELECT session, wrapped FROM session_keys WHERE org = ?", v.org)
	for _, k := range wrapped {
		v.wrapped[k.Session] = k.Wrapped
	}
	return err
}

// checkpoints follows the signed chain from its beginning.
func (v *verifier) checkpoints(tx *gorm.DB) error {
	rows, err := many[checkpointRow](tx, "SELECT * FROM checkpoints WHERE org = ? ORDER BY n", v.org)
	if err != nil {
		return err
	}
	heads, err := tx.Raw("SELECT * FROM checkpoint_heads WHERE org = ? ORDER BY n, session", v.org).Rows()
	if err != nil {
		return err
	}
	defer func() { _ = heads.Close() }()
	next := pull(tx, heads)
	prev := genesis()
	head, more, err := next()
	for i, c := range rows {
		var own []headRow
		for ; err == nil && more && head.N <= c.N; head, more, err = next() {
			own = append(own, head)
		}
		v.checkpoint(int64(i+1), c, prev, own)
		prev = c.link()
	}
	if err == nil && more {
		v.problem("heads without checkpoint %d", head.N)
	}
	if n := len(rows); n > 0 {
		v.Checkpoints, v.Head = n, fmt.Sprintf("%d:%s", rows[n-1].N, hex.EncodeToString(prev))
	}
	return err
}

func (v *verifier) checkpoint(n int64, c checkpointRow, prev []byte, heads []headRow) {
	public := v.keys.sign.Public().(ed25519.PublicKey)
	switch {
	case c.N != n:
		v.problem("checkpoint %d: stands where %d should be", c.N, n)
	case !bytes.Equal(c.Prev, prev):
		v.problem("checkpoint %d: does not follow the one before", c.N)
	case !bytes.Equal(c.Root, root(heads)):
		v.problem("checkpoint %d: its heads were changed", c.N)
	case !ed25519.Verify(public, c.signed(), c.Signature):
		v.problem("checkpoint %d: the signature is wrong", c.N)
	}
	for _, h := range heads {
		if was, ok := v.sealed[h.Session]; ok && was.Seq >= h.Seq {
			v.problem("checkpoint %d: session %s went back", c.N, h.Session)
		}
		v.sealed[h.Session] = h
	}
}

// leftovers names what is sealed but not there.
func (v *verifier) leftovers(tx *gorm.DB) error {
	for id, h := range v.sealed {
		if _, ok := v.sessions[id]; !ok {
			v.problem("session %s: sealed at event %d, and gone", id, h.Seq)
		}
	}
	n, _, err := one[int](tx, "SELECT count(*) FROM payloads WHERE org = ?", v.org)
	if err == nil && n != v.payloads {
		v.problem("%d payloads belong to no event", n-v.payloads)
	}
	return err
}
