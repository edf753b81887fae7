package bot

import (
	"strings"
	"testing"
	"time"

	"interlock/agent"
)

// morning is a report of a night in which something happened.
func morning() agent.Report {
	drift, settled := drifting()["drift"], drifting()["drift-accepted"]
	settled.Stack = "edge-staging"
	r := agent.Report{
		Name: "payments-morning", From: noon.Add(-24 * time.Hour), Until: noon,
		Waiting: []agent.Waits{
			{Hold: "h1", Code: "7f3a-91c2", What: "tofu_apply on payments-prod", Destroys: true, By: "Alice", Until: noon.Add(2 * time.Hour)},
			{Hold: "h2", Code: "0b1c-22d3", What: "tofu_apply on edge-staging", By: "Alice", Until: noon.Add(30 * time.Hour)},
		},
		Changes: []agent.Changed{{Stack: "payments-prod", By: "Alice", Yes: "Bob", Outcome: "applied", At: noon.Add(-3 * time.Hour)}},
		Decided: 3, Took: 4*time.Minute + 10*time.Second, Expired: 1, Refused: 2, Runs: 9, GaveUp: []string{"I tried 5 times\x1b[31m"}, Looks: 24, Blind: 1,
		Drifts: []agent.Differing{drift.Differing(), settled.Differing()},
		Late:   []agent.LateRun{{Name: "nightly", Why: "the run of 01:00 is still going on", Due: noon.Add(-10 * time.Hour), N: 1}},
		Spent:  agent.Sum{Replies: 12, Cost: 41 * agent.Unit / 10, Usage: agent.Usage{Input: 1200, Output: 912}}, Cap: 200 * agent.Unit, Currency: "USD",
		OnCall: []agent.Duty{{Rota: "platform", Who: "Dana, until 2026-11-30 09:00, then Erin"}},
		Head:   strings.Repeat("9f", 32), Sealed: noon.Add(-time.Second),
	}
	for day := range 30 {
		r.Trend = append(r.Trend, agent.Count{Day: noon.AddDate(0, 0, day-29), N: day % 4})
		r.Answers = append(r.Answers, agent.Answer{At: noon.AddDate(0, 0, day-29), Took: time.Duration(day) * time.Minute})
	}
	r.Close()
	return r
}

// Nothing that went wrong is told as a calm night.
func TestDigestIsNotCalm(t *testing.T) {
	t.Parallel()
	base := func() agent.Report { return agent.Report{Name: "x", From: noon.Add(-24 * time.Hour), Until: noon} }
	for want, r := range map[string]agent.Report{
		"1 card ended unanswered": {Expired: 1}, "1 request failed": {GaveUp: []string{"x"}}, "2 scans could not look": {Blind: 2},
		"1 schedule did not run well": {Late: []agent.LateRun{{Name: "nightly", Due: noon, N: 3}}},
		"2 things for people today":   {Waiting: []agent.Waits{{Hold: "h", What: "ask_people", By: "Bob", Until: noon}, {Alert: true, What: "It burns, open"}}},
		"1 thing for people today":    {Drifts: []agent.Differing{{Stack: "web", Blind: true}}},
		"nothing needs a person":      {Drifts: []agent.Differing{{Stack: "web", Findings: 2, Settled: 2}}, Refused: 3, Looks: 4},
	} {
		b := base()
		r.Name, r.From, r.Until = b.Name, b.From, b.Until
		r.Close()
		if c := digestCard(r); c.Status != want || (c.Tone == Good) != (want == "nothing needs a person") {
			t.Errorf("%q, tone %v, want %q", c.Status, c.Tone, want)
		}
	}
	r := base()
	r.Late = []agent.LateRun{{Name: "nightly", Why: "no answer", Due: noon, N: 3}}
	r.Waiting = []agent.Waits{{Hold: "h", What: "ask_people", By: "Bob", Until: noon}, {Alert: true, What: "It burns, acknowledged", By: "Dana"}}
	r.Drifts = []agent.Differing{{Stack: "web", Environment: "lab", Blind: true}, {Stack: "db", Environment: "lab", Blind: true, Scanner: "tflint", Findings: 2, Since: noon, Looked: noon.Add(-time.Hour)}}
	r.Close()
	c, text := digestCard(r), ""
	for _, f := range c.Fields {
		text += Moments(f.Name+"= "+f.Value, nil) + "\n"
	}
	for _, want := range []string{
		"Question= ask_people, for Bob, until 12:00 UTC\n", "Alert= It burns, acknowledged by Dana\n", "Did not run: nightly= 3 times, the last one due 12:00 UTC: no answer\n",
		"Drift= web (lab), never scanned; db (lab), 2 findings, since 12:00 UTC, not scanned by tflint since 11:00 UTC\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	for _, b := range c.Buttons {
		if b.Verb == verbWhyCard {
			t.Errorf("a button for %q, which has no card", b.Label)
		}
	}
}

func TestTrendNeedsAWeek(t *testing.T) {
	t.Parallel()
	days := morning().Trend
	if got := trend(days[len(days)-7:]); got != "" {
		t.Errorf("of 7 days %q", got)
	}
	want := " (1 finding fewer than a week before)"
	if got := trend(days[len(days)-8:]); got != want {
		t.Errorf("of 8 days %q, want %q", got, want)
	}
}

func TestDigestCards(t *testing.T) {
	t.Parallel()
	r, calm := morning(), agent.Report{Name: "calm", From: noon.Add(-24 * time.Hour), Until: noon, Looks: 24}
	wrong := agent.Report{Name: "wrong", From: noon.Add(-24 * time.Hour), Until: noon, Unapproved: 1, Changes: r.Changes}
	for name, r := range map[string]agent.Report{"digest": r, "digest-calm": calm, "digest-unapproved": wrong, "digest-look": unsure()} {
		c, key, show := render(agent.Event{Kind: agent.KindDigest, At: noon, Payload: agent.Payload{Report: &r}})
		if !show || key != "" {
			t.Errorf("%s: key %q, shown %v", name, key, show)
		}
		golden(t, name, c)
	}
	golden(t, "digest-more", *moreCard(r))
	if _, _, show := render(agent.Event{Kind: agent.KindDigest}); show {
		t.Error("an erased digest is shown")
	}
}
