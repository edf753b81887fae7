package bot

import (
	"strings"
	"testing"
	"time"

	"interlock/agent"
)

// drifting is a stack in each of the states that people see.
func drifting() map[string]agent.Drift {
	base := agent.Drift{
		Org: "acme", Stack: "payments-prod", Environment: "prod", Commit: "1a2b3c4d5e6f7890", Began: noon, Scanned: noon, Clean: noon.Add(-24 * time.Hour),
		Thread: agent.Thread{Platform: "console", Channel: "payments", ID: "~drift/payments-prod/1"}, Findings: drift().New,
		Authored: &agent.Authored{By: "Alice", Commit: "1a2b3c4d5e6f7890", At: noon.Add(-72 * time.Hour)},
	}
	base.Findings[0].Since = noon
	with := func(change func(d *agent.Drift)) agent.Drift {
		d := base
		d.Findings = append([]agent.Finding{}, base.Findings...)
		change(&d)
		return d
	}
	port := agent.Finding{Resource: "firewall_rule.api", Attribute: "port", Code: "443", Real: "80", Since: noon, Fingerprint: "p"}
	accepted := &agent.Acceptance{By: bob, At: noon, Until: noon.Add(14 * 24 * time.Hour), Because: "the vendor tests until then"}
	return map[string]agent.Drift{
		"drift": base,
		"drift-judged": with(func(d *agent.Drift) {
			d.Findings[0].Owner, port.Accepted = &alice, accepted
			d.Findings = append(d.Findings, port)
			d.Pending, d.Ignored = "1 to add", 2
		}),
		"drift-accepted": with(func(d *agent.Drift) { d.Findings[0].Accepted = accepted }),
		"drift-fixing":   with(func(d *agent.Drift) { d.Fixing = &agent.Fixing{Hold: "h", PlanCode: "7f3a-91c2", State: "open"} }),
		"drift-gone": with(func(d *agent.Drift) {
			d.Gone, d.Findings, d.Ended = d.Findings, nil, noon.Add(time.Hour)
		}),
		"drift-alike": with(func(d *agent.Drift) {
			d.Alike, d.Thread.ID = []string{"web-eu", "web-us", "db", "cache", "edge"}, "~alike/1"
		}),
		"drift-joined": with(func(d *agent.Drift) {
			d.Alike, d.Joined = []string{"web-eu", "web-us", "db", "cache", "edge"}, true
		}),
		"rules-unseen": with(func(d *agent.Drift) {
			d.Findings = nil
			d.Sights = map[string]agent.Sight{"": {Looked: noon}, "tflint": {Failing: noon, Failed: "the image has no tflint"}}
		}),
		"rules-gone": with(func(d *agent.Drift) {
			d.Gone, d.Findings, d.Ended = []agent.Finding{{Scanner: "tflint", Rule: "r1", Resource: "main.tf:3"}}, nil, noon.Add(time.Hour)
		}),
		"drift-rules": with(func(d *agent.Drift) {
			d.Findings[0] = agent.Finding{Scanner: "checkov", Rule: "CKV_X_1", Severity: "high", Title: "It is open to the world", Resource: "firewall_rule.api", Since: noon}
		}),
		"drift-unseen": with(func(d *agent.Drift) {
			d.Sights = map[string]agent.Sight{"": {Failing: noon.Add(time.Hour), Failed: "Error: Failed to query\x1b[31m the provider"}}
		}),
		"not-scanned": with(func(d *agent.Drift) {
			d.Findings, d.Scanned = nil, time.Time{}
			d.Sights = map[string]agent.Sight{"": {Failing: noon.Add(time.Hour), Failed: "Error: no provider"}, "checkov": {Looked: noon}}
		}),
	}
}

func TestDriftCards(t *testing.T) {
	t.Parallel()
	for name, d := range drifting() {
		c, key, show := render(agent.Event{Kind: agent.KindFinding, At: noon, Actor: alice, Payload: agent.Payload{Scan: &agent.ScanNews{}, Drift: &d}})
		again, twin, _ := render(agent.Event{Kind: agent.KindDrift, At: noon, Actor: bob, Payload: agent.Payload{Drift: &d}})
		if !show || !strings.HasPrefix(key, "drift/") || key != twin || again.Fallback != c.Fallback {
			t.Errorf("%s: %q and %q, shown %v", name, key, twin, show)
		}
		golden(t, name, c)
	}
	if _, _, show := render(agent.Event{Kind: agent.KindFinding, Payload: agent.Payload{Scan: &agent.ScanNews{Stack: "web"}}}); show {
		t.Error("a scan without a drift is shown")
	}
	left := drifting()["drift-gone"]
	left.Alike = []string{"web"}
	if _, _, show := render(agent.Event{Kind: agent.KindFinding, Payload: agent.Payload{Scan: &agent.ScanNews{}, Drift: &left}}); show {
		t.Error("a stack that is right again is drawn for those that are not")
	}
	broken := drifting()["drift"]
	broken.Findings = nil // never so; a clock may lie
	if c := driftCard(broken); c.Title == "" {
		t.Error("an open drift without findings has no card")
	}
}

func TestAccepting(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct{ until, why string }{
		"until 2026-08-23 because it is planned":       {"2026-08-24T00:00:00Z", ""},
		"UNTIL in 14d BECAUSE it is planned":           {"2026-09-04T12:00:00Z", ""},
		"14d because the vendor says so":               {"2026-09-04T12:00:00Z", ""},
		"until tomorrow 09:00 because of a test":       {"2026-08-22T09:00:00Z", ""},
		"until 2026-08-23T10:00:00+02:00 because: x y": {"", "not understood"},
		"until 2026-08-20 because it was planned":      {"", "has passed"},
		"until 2027-08-20 because it is planned":       {"", "at most 90 days"},
		"until 2026-08-23":                             {"", "say why"},
		"until 2026-08-23 because ":                    {"", "say why"},
		"because it is planned":                        {"", "not understood"},
		"-3d because it is planned":                    {"", "not understood"},
		"":                                             {"", "not understood"},
	} {
		until, because, why := parseAccept(text, time.Date(2026, 8, 21, 12, 0, 0, 0, time.UTC))
		if want.why == "" && (why != "" || because == "" || until.Format(time.RFC3339) != want.until) || !strings.Contains(why, want.why) {
			t.Errorf("%q: %v %q %q", text, until, because, why)
		}
	}
}
