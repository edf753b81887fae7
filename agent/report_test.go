package agent_test

import (
	"strings"
	"testing"
	"time"

	"interlock/agent"
)

// A report is one event of a log: what is too long is cut, and nothing is uncounted.
func TestReportIsBounded(t *testing.T) {
	t.Parallel()
	var r agent.Report
	drift := agent.Drift{Stack: "web"}
	for range 200 {
		drift.Findings = append(drift.Findings, agent.Finding{Real: "10.9.8.7", Code: "x"})
	}
	for n := range 1000 {
		r.Failed(strings.Repeat("x", 10_000))
		r.Waiting, r.Late = append(r.Waiting, agent.Waits{}), append(r.Late, agent.LateRun{})
		r.Changes, r.Drifts = append(r.Changes, agent.Changed{}), append(r.Drifts, drift.Differing())
		r.Answers = append(r.Answers, agent.Answer{Took: time.Duration(n) * time.Minute})
	}
	r.Close()
	if want := (agent.Left{Waiting: 950, Changes: 950, GaveUp: 950, Drifts: 950, Late: 950}); r.Left != want || len(r.GaveUp) != 50 || len(r.GaveUp[0]) > 310 {
		t.Errorf("left %+v", r.Left)
	}
	if r.Needs != 2000 || r.Pace.N != 1000 || r.Pace.Half != 500*time.Minute || r.Pace.Longest != 999*time.Minute || len(r.Answers) != 500 || r.Answers[499].Took != 999*time.Minute {
		t.Errorf("%d need people, pace %+v, %d answers", r.Needs, r.Pace, len(r.Answers))
	}
	if d := r.Drifts[0]; d.Findings != 200 || len(d.Some) != 5 || d.Some[0].Real+d.Some[0].Code != "" || !d.Free || drift.Findings[0].Real == "" {
		t.Errorf("%+v", d)
	}
}
