package bot

import (
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// unsure is a report of a night in which two changes did not end as applied, and a fix
// waits for a freeze.
func unsure() agent.Report {
	drift := drifting()["drift"].Differing()
	drift.Fixing = "7f3a-91c2"
	r := agent.Report{
		Name: "after the freeze", From: noon.Add(-24 * time.Hour), Until: noon, Drifts: []agent.Differing{drift},
		Changes: []agent.Changed{
			{Stack: "edge-staging", By: "Alice", Yes: "Bob", Outcome: "look", At: noon.Add(-20 * time.Hour)},
			{Stack: "web", By: "Alice", Yes: "Bob", Outcome: "partly applied", At: noon.Add(-3 * time.Hour)},
		},
		Frozen:  []rbac.Freeze{{Env: "prod", Until: noon.Add(4 * time.Hour), By: "Bob", Reason: "a release"}, {Env: agent.AllEnvironments, Until: noon.Add(time.Hour), By: "Dana", Reason: "a move"}},
		Held:    1,
		Decided: 1, Took: 40600 * time.Millisecond, Answers: []agent.Answer{{At: noon, Took: time.Minute}, {At: noon.Add(-time.Hour), Took: time.Minute}, {At: noon.AddDate(0, 0, -2), Took: time.Hour}},
	}
	r.Close()
	return r
}

// What did not end as applied comes before all else, and in red.
func TestDigestTellsWhatToLookAt(t *testing.T) {
	t.Parallel()
	c := digestCard(unsure())
	if c.Tone != Bad || c.Status != "3 things for people today (2 changes to look at), 1 approved change waits for the end of a freeze" || c.Fields[0].Name != "Look at web" {
		t.Errorf("tone %q, %q, first %+v", c.Tone, c.Status, c.Fields[0])
	}
	if got := Moments(c.Fields[0].Value, nil); got != "partly applied at 09:00 UTC, asked by Alice; look at it, then scan web" {
		t.Errorf("said %q", got)
	}
	many := agent.Report{Until: noon}
	for range 60 {
		many.Changes = append(many.Changes, agent.Changed{Outcome: "look", At: noon})
	}
	many.Close()
	if c := digestCard(many); !strings.HasPrefix(c.Status, "60 things for people today (60 changes to look at)") || c.Fields[5] != (Field{"Look at these too", "55 more changes"}) {
		t.Errorf("of many %q, %+v", c.Status, c.Fields[5])
	}
}

// Nobody is offered a fix that is on its way.
func TestDigestOffersNoSecondFix(t *testing.T) {
	t.Parallel()
	offers := func(r agent.Report) bool {
		return slices.ContainsFunc(digestCard(r).Buttons, func(b Button) bool { return b.Verb == verbFix })
	}
	r := unsure()
	if offers(r) {
		t.Error("it is put back twice")
	}
	if r.Drifts[0].Fixing = ""; !offers(r) {
		t.Error("it is not put back at all")
	}
}

func TestDecidedText(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]agent.Report{
		"1 approval decided in 41 s":                          {Decided: 1, Took: 40600 * time.Millisecond},
		"1 approval decided in 1 min":                         {Decided: 1, Took: 59600 * time.Millisecond},
		"2 approvals decided, half of them within 4 min 10 s": {Decided: 2, Took: 250 * time.Second},
		"2 approvals decided, half of them within 15 min":     {Decided: 2, Took: 15 * time.Minute},
		"3 approvals decided, half of them within 26 h 2 min": {Decided: 3, Took: 26*time.Hour + 100*time.Second},
		"3 approvals decided, half of them within 1 h":        {Decided: 3, Took: time.Hour + time.Second},
		"1000 approvals decided, half of them within 0 s":     {Decided: 1000},
	} {
		if got := decidedText(r); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// The chart of decisions needs three days, and its axis and its words have one unit.
func TestPacePicture(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		took time.Duration
		days []int
		unit string
		want float64
		alt  string
	}{
		{30 * time.Second, []int{0, 1, 2}, "seconds", 30, "3 approvals decided in 30 days: half of them within 30 seconds, all within 30 seconds."},
		{1501 * time.Second, []int{0, 1, 2, 2}, "minutes", 1501. / 60, "4 approvals decided in 30 days: half of them within 26 minutes, all within 26 minutes."},
		{3 * time.Hour, []int{0, 5, 9}, "hours", 3, "3 approvals decided in 30 days: half of them within 3 hours, all within 3 hours."},
		{time.Hour, []int{0, 1, 1, 1}, "", 0, ""},
	} {
		r := agent.Report{Until: noon}
		for _, d := range c.days {
			r.Answers = append(r.Answers, agent.Answer{At: noon.AddDate(0, 0, -d), Took: c.took})
		}
		r.Close()
		all := digestPictures(r)
		if len(all) != min(len(c.unit), 1) {
			t.Errorf("of days %v %d pictures", c.days, len(all))
			continue
		}
		if c.unit != "" && (all[0].Unit != c.unit || all[0].Alt != c.alt || all[0].Lines[0].Points[0].Value != c.want) {
			t.Errorf("%+v", all[0])
		}
	}
}
