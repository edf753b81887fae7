package agent_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
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
	r.Frozen = make([]rbac.Freeze, 1000)
	r.Close()
	if want := (agent.Left{Waiting: 950, Unsure: 950, Frozen: 950, Changes: 950, GaveUp: 950, Drifts: 950, Late: 950}); r.Left != want || len(r.GaveUp) != 50 || len(r.GaveUp[0]) > 310 {
		t.Errorf("left %+v", r.Left)
	}
	if r.Needs != 3000 || r.Pace.N != 1000 || r.Pace.Half != 499*time.Minute || r.Pace.Longest != 999*time.Minute || len(r.Answers) != 500 || r.Answers[499].Took != 999*time.Minute {
		t.Errorf("%d need people, pace %+v, %d answers", r.Needs, r.Pace, len(r.Answers))
	}
	if d := r.Drifts[0]; d.Findings != 200 || len(d.Some) != 5 || d.Some[0].Real+d.Some[0].Code != "" || !d.Free || drift.Findings[0].Real == "" {
		t.Errorf("%+v", d)
	}
}

// A change that did not end as applied needs somebody until a later one of its stack did.
func TestReportIsUnsure(t *testing.T) {
	t.Parallel()
	change := func(stack, outcome string) agent.Changed { return agent.Changed{Stack: stack, Outcome: outcome} }
	for name, c := range map[string]struct {
		all  []agent.Changed
		want []string
	}{
		"applied":       {[]agent.Changed{change("web", "applied")}, nil},
		"partly":        {[]agent.Changed{change("web", "partly applied")}, []string{"web partly applied"}},
		"settled":       {[]agent.Changed{change("web", "look"), change("web", "applied")}, nil},
		"by another":    {[]agent.Changed{change("web", "look"), change("db", "applied")}, []string{"web look"}},
		"before it":     {[]agent.Changed{change("web", "applied"), change("web", "look")}, []string{"web look"}},
		"twice":         {[]agent.Changed{change("web", "partly applied"), change("db", "look"), change("web", "look")}, []string{"web look", "db look"}},
		"of no stack":   {[]agent.Changed{change("", "look"), change("", "applied")}, []string{" look"}},
		"of a new word": {[]agent.Changed{change("web", "half-way")}, []string{"web half-way"}},
	} {
		r := agent.Report{Changes: c.all}
		r.Close()
		var got []string
		for _, ch := range r.Unsure {
			got = append(got, ch.Stack+" "+ch.Outcome)
		}
		if !slices.Equal(got, c.want) || r.Needs != len(c.want) {
			t.Errorf("%s: %q, %d need people", name, got, r.Needs)
		}
	}
}

// Half of those who decided were as fast as the report says: of two, the faster one.
func TestPaceOf(t *testing.T) {
	t.Parallel()
	for want, all := range map[agent.Pace][]agent.Answer{
		{}: nil,
		{N: 1, Half: time.Minute, Longest: time.Minute}:         {{Took: time.Minute}},
		{N: 2, Half: time.Minute, Longest: time.Hour}:           {{Took: time.Hour}, {Took: time.Minute}},
		{N: 3, Half: 2 * time.Minute, Longest: 3 * time.Minute}: {{Took: 3 * time.Minute}, {Took: time.Minute}, {Took: 2 * time.Minute}},
	} {
		if got := agent.PaceOf(all); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}
