package bot

import (
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// What is pressed on a drift's card becomes a job of those who may, and nothing of others:
// they are refused alone, before anything is asked of them.
func TestPressingADrift(t *testing.T) {
	t.Parallel()
	const until = "until in 14d because the vendor tests"
	for name, c := range map[string]struct {
		who, verb, typed, stack string
		told                    string // private words, or the title of what is shown
		job                     string
	}{
		"accept asks until when":           {"alice", verbAccept, "", "payments-prod", "Accept this drift", ""},
		"accept comes back to be mended":   {"alice", verbAccept, "next week", "payments-prod", "Accept this drift", ""},
		"accept":                           {"alice", verbAccept, until, "payments-prod#abc", "Accepted until", "accept"},
		"a viewer does not accept":         {"vic", verbAccept, until, "payments-prod", "roles are viewer", ""},
		"a viewer is not asked":            {"vic", verbAccept, "", "payments-prod", "roles are viewer", ""},
		"a viewer may take it":             {"vic", verbMine, "", "payments-prod", "Yours", "own"},
		"a stranger may not":               {"new", verbMine, "", "payments-prod", "Refused", ""},
		"keep":                             {"alice", verbKeep, "", "payments-prod", "copy of its code", "pressed: keep, write into code: payments-prod drift_keep"},
		"a viewer does not write code":     {"vic", verbKeep, "", "payments-prod", "roles are viewer", ""},
		"explain":                          {"vic", verbExplain, "", "payments-prod", "Looking into", "pressed: explain\nexplain the drift in payments-prod"},
		"ignore shows the rules":           {"alice", verbIgnore, "", "payments-prod", "Rules that would ignore this drift", ""},
		"not of a stack of another room":   {"alice", verbIgnore, "", "web", "Refused", ""},
		"not to whom it is denied by rule": {"vic", verbExplain, "", "web", "Refused", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.open["payments-prod"] = drift().New
			r, err := w.Click(t.Context(), Click{
				ID: "c", Org: "acme", Thread: agent.Thread{Platform: "slack", Channel: "C-ops", ID: "1"}, Actor: w.person(c.who), Verb: c.verb, Value: c.stack, Reason: c.typed,
			})
			if err != nil {
				t.Fatal(err)
			}
			told := r.Private
			for _, card := range []*Card{r.Modal, r.Note} {
				if card != nil {
					told += card.Title + card.Body
				}
			}
			if !strings.Contains(told, c.told) {
				t.Errorf("told %q, want %q", told, c.told)
			}
			job := ""
			for _, j := range w.store.Waiting() {
				switch job = strings.ToLower(j.Text); {
				case j.Judge != nil:
					job = j.Judge.Kind
				case len(j.Calls) > 0:
					job += " " + j.Calls[0].Tool
				}
			}
			if (c.job == "") != (job == "") || !strings.Contains(job, c.job) {
				t.Errorf("job %q, want %q", job, c.job)
			}
		})
	}
}

// The rules that would ignore a drift are those of all its findings, to be pasted: what
// was accepted for a time may be what is never to be told again.
func TestRulesToIgnore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	found := append(drift().New, agent.Finding{Resource: "a.b", Attribute: "x", Accepted: &agent.Acceptance{}}, agent.Finding{Resource: "c.d", Scanner: "checkov"}, agent.Finding{Resource: `e["f"]`})
	w.open["payments-prod"] = found
	r, err := w.Click(t.Context(), Click{ID: "c", Org: "acme", Thread: agent.Thread{Platform: "slack", Channel: "C-ops"}, Actor: w.person("alice"), Verb: verbIgnore, Value: "payments-prod"})
	if err != nil || r.Note == nil {
		t.Fatal(r, err)
	}
	if want := "ignore:\n  - \"firewall_rule.api source\"\n  - \"a.b x\"\n  - \"e[\\\"f\\\"]\""; r.Note.Body != want {
		t.Errorf("rules\n%s\nwant\n%s", r.Note.Body, want)
	}
	w.open["payments-prod"] = nil
	r, err = w.Click(t.Context(), Click{ID: "d", Org: "acme", Thread: agent.Thread{Platform: "slack", Channel: "C-ops"}, Actor: w.person("alice"), Verb: verbIgnore, Value: "payments-prod"})
	if err != nil || r.Note != nil || !strings.HasPrefix(r.Private, "Nothing of payments-prod drifts any more") {
		t.Errorf("of no drift: %+v, %v", r, err)
	}
}

// A digest that somebody asks for is counted by a job: a busy day takes a while.
func TestDigestIsAJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if r := w.order(w.person("vic"), ops, "digest"); r.Private != "" || r.Note != nil {
		t.Errorf("%+v", r)
	}
	all := w.store.Waiting()
	if len(all) != 1 || all[0].Thread != ops || all[0].Digest == nil || all[0].Digest.Past != 24*time.Hour || time.Since(all[0].Digest.At) > time.Minute {
		t.Errorf("jobs %+v", all)
	}
	if r := w.order(w.stranger, ops, "digest"); !strings.HasPrefix(r.Private, "Refused") || len(w.store.Waiting()) != 1 {
		t.Errorf("a stranger: %+v", r)
	}
}

// Everything else of a digest is told to who may read in its room.
func TestMoreOfADigest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := agent.Thread{Platform: "slack", Channel: "C-ops", ID: "d"}
	s, err := w.store.Open(t.Context(), "acme", at)
	if err != nil {
		t.Fatal(err)
	}
	report := morning()
	value := report.Until.UTC().Format(time.RFC3339Nano)
	press := func(who rbac.Actor) Reply {
		r, err := w.Click(t.Context(), Click{ID: "c", Org: "acme", Thread: at, Actor: who, Verb: verbMore, Value: value})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := press(w.person("vic")); !strings.Contains(r.Private, "not on record") {
		t.Errorf("of no digest %+v", r)
	}
	ev := agent.Event{Schema: agent.Schema, ID: "e", Org: "acme", Session: s.ID, At: time.Now(), Kind: agent.KindDigest, Payload: agent.Payload{Report: &report}}
	later, next := report, ev // another one of the same thread
	later.Until, later.Runs = report.Until.Add(time.Hour), 77
	next.ID, next.Payload.Report = "f", &later
	if err := w.store.Append(t.Context(), "acme", agent.Batch{Events: []agent.Event{ev, next}}); err != nil {
		t.Fatal(err)
	}
	if r := press(w.person("vic")); r.Note == nil || r.Note.Title != "Everything else" || r.Note.Fields[0].Value != "9" {
		t.Errorf("to a viewer %+v", r)
	}
	if r := press(w.stranger); r.Note != nil || !strings.Contains(r.Private, "Refused") {
		t.Errorf("to a stranger %+v", r)
	}
}

// A card that stands for several stacks is judged for each that still shows the same.
func TestJudgingSeveralStacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := agent.Thread{Platform: "slack", Channel: "C-ops", ID: "~alike/1"}
	same := agent.Finding{Resource: "r", Attribute: "a", Real: "2"}
	other := same
	other.Real = "3"
	w.known = map[string]agent.Drift{
		"payments-prod": {Stack: "payments-prod", Thread: at, Alike: []string{"a", "b", "left"}, Findings: []agent.Finding{same}},
		"a":             {Stack: "a", Thread: at, Findings: []agent.Finding{same}},
		"b":             {Stack: "b", Thread: at, Findings: []agent.Finding{other}},
		"left":          {Stack: "left", Thread: agent.Thread{ID: "~drift/left/1"}, Findings: []agent.Finding{same}},
	}
	press := func(seen string) (judged []string) {
		t.Helper()
		r, err := w.Click(t.Context(), Click{
			ID: "c" + seen, Org: "acme", Thread: agent.Thread{Platform: "slack", Channel: "C-ops", ID: "1"}, Actor: w.person("alice"),
			Verb: verbAccept, Value: "payments-prod#" + seen, Reason: "until in 3d because of a test",
		})
		if err != nil || r.Private == "" {
			t.Fatal(r, err)
		}
		for _, j := range w.store.Waiting() {
			if strings.HasPrefix(j.ID, "c"+seen) {
				judged = append(judged, j.Judge.Stack+" "+j.Judge.Seen)
			}
		}
		return judged
	}
	seen := w.known["payments-prod"].Unsettled()
	if got, want := press(seen), []string{"payments-prod " + seen, "a " + w.known["a"].Unsettled()}; !slices.Equal(got, want) {
		t.Errorf("judged %q, want %q", got, want)
	}
	if got := press("x"); !slices.Equal(got, []string{"payments-prod x"}) { // which tells that it has moved
		t.Errorf("of what nobody saw, judged %q", got)
	}
}
