package store

import (
	"slices"

	"gorm.io/gorm"

	"interlock/agent"
)

// erased stands where words were.
const erased = "(erased)"

// unsay takes a session's words out of what stands beside the logs, before its holds go.
// It answers the other sessions in
// whose logs something of it was told: of alerts, and of messages to rooms.
func (db *DB) unsay(tx *gorm.DB, s sessionRow) ([]string, error) {
	raised, err := db.unsayAlerts(tx, s)
	if err != nil {
		return nil, err
	}
	if err := db.unsayDrifts(tx, s); err != nil {
		return nil, err
	}
	sent, err := many[string](tx, `SELECT DISTINCT session FROM events WHERE org = ? AND session <> ? AND run IN (
		SELECT 'notice/' || d.bundle FROM deliveries d JOIN notices n ON n.org = d.org AND n.id = d.notice WHERE n.org = ? AND n.session = ?)`,
		s.Org, s.ID, s.Org, s.ID)
	all := append(raised, sent...)
	slices.Sort(all)
	return slices.Compact(all), err
}

// unsayAlerts is about the alerts of a session, those of its holds, and those that its
// events raised, which are named by the trace. They still want somebody.
func (db *DB) unsayAlerts(tx *gorm.DB, s sessionRow) (sessions []string, err error) {
	own, err := many[string](tx, "SELECT id FROM holds WHERE org = ? AND session = ? UNION SELECT id FROM events WHERE org = ? AND session = ?", s.Org, s.ID, s.Org, s.ID)
	if err != nil {
		return nil, err
	}
	about := map[string]bool{}
	for _, id := range own {
		about[id] = true
	}
	bodies, err := many[string](tx, "SELECT body FROM alerts WHERE org = ?"+db.dialect().forUpdate, s.Org)
	if err != nil {
		return nil, err
	}
	for _, body := range bodies {
		var a agent.Alert
		if err := decode(body, &a); err != nil {
			return nil, err
		}
		if a.Session != s.ID && !about[a.Hold] && !about[a.Trace] {
			continue
		}
		if a.Session != s.ID {
			sessions = append(sessions, a.Session)
		}
		a.Title, a.Text, a.Facts, a.Why = erased, "", nil, ""
		if err := swapAlert(tx, s.Org, a); err != nil {
			return nil, err
		}
	}
	return sessions, nil
}

// unsayDrifts forgets why people accepted what is told of in the session's thread. What
// differs stays: it is how the world is, and the next scan would find it again.
func (db *DB) unsayDrifts(tx *gorm.DB, s sessionRow) error {
	bodies, err := many[string](tx, "SELECT body FROM drifts WHERE org = ? AND thread IN (?, ?)"+db.dialect().forUpdate, s.Org, s.Thread, s.Origin)
	if err != nil {
		return err
	}
	for _, body := range bodies {
		var d agent.Drift
		if err := decode(body, &d); err != nil {
			return err
		}
		said := false
		for _, f := range d.Findings {
			if f.Accepted != nil {
				f.Accepted.Because, said = erased, true
			}
		}
		if !said {
			continue
		}
		if err := swapDrift(tx, s.Org, d); err != nil {
			return err
		}
	}
	return nil
}
