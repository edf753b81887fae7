package agent

import (
	"testing"
	"time"
)

// Whoever loses a race looks again: what the record said the first time is not kept.
func TestLookAgainAfterARace(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	f := Finding{Fingerprint: "f", Real: "2"}
	accepted := f
	accepted.Accepted = &Acceptance{Until: at.Add(time.Hour)}
	first, second := Drift{Findings: []Finding{accepted}}, Drift{Findings: []Finding{f}}
	news := first.look(ScanNews{New: []Finding{f}}, at, at)
	second.look(news, at, at)
	if first.Settled() != 1 || second.Settled() != 0 {
		t.Errorf("accepted %d, and %d after the race", first.Settled(), second.Settled())
	}
}
