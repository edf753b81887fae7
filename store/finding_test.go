package store_test

import (
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/store"
)

// lastScan checks when a stack was last scanned, as the record says.
func lastScan(t *testing.T, db *store.DB, org, stack string, want time.Time) {
	t.Helper()
	if got, err := db.LastScan(t.Context(), org, stack); err != nil || !got.Equal(want) || got.IsZero() != want.IsZero() {
		t.Errorf("%s of %s was scanned at %v, want %v: %v", stack, org, got, want, err)
	}
}

// What was found is on record also when it is gone, and of its own stack alone.
func TestLastScanOfFindings(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		at := agenttest.Now()
		lastScan(t, db, agenttest.Org, "web", time.Time{})
		f := agent.Finding{Stack: "web", Fingerprint: "f", Since: at, Seen: at.Add(time.Hour)}
		must(t, db.Append(t.Context(), agenttest.Org, agent.Batch{Seen: []agent.Finding{f}}))
		lastScan(t, db, agenttest.Org, "web", f.Seen)
		must(t, db.Append(t.Context(), agenttest.Org, agent.Batch{Gone: []agent.Finding{f}}))
		lastScan(t, db, agenttest.Org, "web", f.Seen)
		lastScan(t, db, agenttest.Org, "db", time.Time{})
		lastScan(t, db, agenttest.Rival, "web", time.Time{})
	})
}

// A scan that found nothing is on record; one that could not look is not.
func TestLastScanOfNothing(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		s, at := session(t, db, "1"), agenttest.Now()
		scan := func(id string, when time.Time, failed bool) {
			ev := agenttest.Answer(s, id)
			ev.Kind, ev.At = agent.KindResult, when
			ev.Payload = agent.Payload{Call: &agent.ToolCall{ID: id}, Result: &agent.ToolResult{Failed: failed, Scan: &agent.ScanNews{Stack: "web"}}}
			must(t, db.Append(t.Context(), agenttest.Org, agent.Batch{Events: []agent.Event{ev}}))
		}
		scan("failed", at.Add(time.Hour), true)
		lastScan(t, db, agenttest.Org, "web", time.Time{})
		scan("first", at, false)
		lastScan(t, db, agenttest.Org, "web", at)
		scan("second", at.Add(time.Minute), false)
		scan("late", at.Add(time.Second), false) // another worker was slower
		lastScan(t, db, agenttest.Org, "web", at.Add(time.Minute))
		lastScan(t, db, agenttest.Rival, "web", time.Time{})
		if open, err := db.OpenFindings(t.Context(), agenttest.Org, "web"); err != nil || len(open) != 0 {
			t.Errorf("a scan is a finding: %v, %v", open, err)
		}
	})
}
