package store

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"interlock/agent"
)

// swapHold writes a hold unless it has moved; version 0 creates it. New
// verdicts are also kept where nobody can change them.
func swapHold(tx *gorm.DB, org string, h agent.Hold) error {
	if h.Org != org {
		return agent.ErrNotFound
	}
	if _, err := session(tx, org, h.Session, ""); err != nil {
		return err
	}
	was := h.Version
	h.Version++
	body, err := encode(h)
	if err != nil {
		return err
	}
	n, err := putHold(tx, was, &h, body)
	if err != nil {
		return err
	}
	if n == 0 {
		return agent.ErrRaced
	}
	return putVerdicts(tx, &h)
}

func putHold(tx *gorm.DB, was int, h *agent.Hold, body string) (int64, error) {
	if was == 0 {
		return exec(tx, `INSERT INTO holds (org, id, session, version, state, code, opened, expires, body)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (org, id) DO NOTHING`,
			h.Org, h.ID, h.Session, h.Version, int(h.State), planCode(h), micros(h.Opened), micros(h.Expires), body)
	}
	return exec(tx, "UPDATE holds SET version = ?, state = ?, code = ?, expires = ?, body = ? WHERE org = ? AND id = ? AND version = ?",
		h.Version, int(h.State), planCode(h), micros(h.Expires), body, h.Org, h.ID, was)
}

// planCode is empty for a question.
func planCode(h *agent.Hold) string {
	const shortest = 8 // of a digest that has a code
	if h.Approval == nil || len(h.Approval.Digest) < shortest {
		return ""
	}
	return h.Approval.PlanCode()
}

func putVerdicts(tx *gorm.DB, h *agent.Hold) error {
	if h.Approval == nil {
		return nil
	}
	for _, v := range h.Approval.Verdicts {
		approve := 0
		if v.Approve {
			approve = 1
		}
		if err := tx.Exec(`INSERT INTO verdicts (org, hold, id, subject, approve, at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (org, hold, id) DO NOTHING`, h.Org, h.ID, v.ID, string(v.By.Subject()), approve, micros(v.At)).Error; err != nil {
			return err
		}
	}
	return nil
}

// Held gives a hold as it is now.
func (db *DB) Held(ctx context.Context, org, id string) (h agent.Hold, err error) {
	body, ok, err := one[string](db.read(ctx), "SELECT body FROM holds WHERE org = ? AND id = ?", org, id)
	switch {
	case err != nil:
		return h, fmt.Errorf("read hold: %w", err)
	case !ok:
		return h, agent.ErrNotFound
	}
	return h, decode(body, &h)
}

// OpenHolds are the approvals and questions that wait for people, oldest first.
func (db *DB) OpenHolds(ctx context.Context, org string) ([]agent.Hold, error) {
	return holds(db.read(ctx), "SELECT body FROM holds WHERE org = ? AND state = 1 ORDER BY opened, id", org)
}

// codeMatches bounds what HoldByCode returns, and shortestPrefix what it takes
// for the beginning of an id.
const (
	codeMatches    = 10
	shortestPrefix = 4
)

// HoldByCode finds holds, newest first, by plan code or by the first four or
// more characters of their id, in any case of letters. At most ten are returned.
func (db *DB) HoldByCode(ctx context.Context, org, code string) ([]agent.Hold, error) {
	if len(code) < shortestPrefix {
		return nil, nil
	}
	up := strings.ToUpper(code)
	return holds(db.read(ctx), `SELECT body FROM holds WHERE org = ? AND (code = ? OR id >= ? AND id < ? OR id >= ? AND id < ?)
		ORDER BY opened DESC, id LIMIT ?`, org, strings.ToLower(code), code, code+lastRune, up, up+lastRune, codeMatches)
}

// lastRune is after every text that goes on.
const lastRune = "\U0010FFFF"

func holds(tx *gorm.DB, sql string, args ...any) ([]agent.Hold, error) {
	bodies, err := many[string](tx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read holds: %w", err)
	}
	all := make([]agent.Hold, len(bodies))
	for i, b := range bodies {
		if err := decode(b, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}
