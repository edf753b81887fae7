package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/config"
	"interlock/rbac"
	"interlock/store"
)

// under judges a session by other rules.
func under(t *testing.T, change func(r *rbac.OrgRules)) func(context.Context, string) (rbac.Source, error) {
	t.Helper()
	rules := guarded()
	change(&rules)
	s, err := rbac.NewSnapshot(org, rules)
	if err != nil {
		t.Fatal(err)
	}
	return func(context.Context, string) (rbac.Source, error) { return s, nil }
}

// before puts an event right before the first one of a kind.
func before(s *agent.Session, k agent.Kind, ev agent.Event) {
	i := slices.IndexFunc(s.Events, func(ev agent.Event) bool { return ev.Kind == k && ev.Payload.Hold != nil })
	ev.Seq = s.Events[i].Seq - 1
	s.Events = slices.Insert(s.Events, i, ev)
}

// rename gives somebody's verdicts to another account, on record and on the card.
func rename(s *agent.Session, from string, to rbac.Actor) {
	for i := range s.Events {
		ev := &s.Events[i]
		if ev.Kind != agent.KindVerdict && ev.Kind != agent.KindStarted || ev.Payload.Hold == nil {
			continue
		}
		for j, v := range ev.Payload.Hold.Approval.Verdicts {
			if v.By.ID == from {
				ev.Payload.Hold.Approval.Verdicts[j].By = to
			}
		}
		if ev.Kind == agent.KindVerdict && ev.Actor.ID == from {
			ev.Actor = to
		}
	}
}

// Each way of making a trail look well is found, and the honest trail beside it,
// with what people said afterwards, is clean.
func TestCoverageOfTamperedTrails(t *testing.T) {
	play(t, func(w *world) {
		s := besiege(w)
		s.ask("alice")
		s.honest("destroy")
		sess, proof := s.covered()
		for name, c := range map[string]struct {
			tamper func(x *agent.Session, p *agent.Proof)
			want   string
		}{
			"an approver answers something afterwards": {func(x *agent.Session, _ *agent.Proof) {
				bob := find(x, agent.KindVerdict).Actor
				x.Events = append(x.Events, agent.Event{Seq: 98, Kind: agent.KindAnswered, Turn: find(x, agent.KindStarted).Turn, Actor: bob})
			}, ""},
			"a role given later": {func(_ *agent.Session, p *agent.Proof) {
				p.InForce = func(context.Context, string, time.Time) (bool, error) { return false, nil }
			}, "was not in force at"},
			"an author approves": {func(x *agent.Session, _ *agent.Proof) {
				bob := find(x, agent.KindVerdict).Actor
				before(x, agent.KindApproval, agent.Event{Kind: agent.KindAnswered, Turn: find(x, agent.KindStarted).Turn, Actor: bob})
			}, "approved what they asked for, or led to"},
			"one approver, two accounts": {func(x *agent.Session, _ *agent.Proof) {
				rename(x, "carol", rbac.Actor{Org: org, Platform: "other", ID: "bob2"})
			}, "quorum was not met"},
			"the asker's second account": {func(x *agent.Session, _ *agent.Proof) {
				rename(x, "bob", rbac.Actor{Org: org, Platform: "other", ID: "alice2"})
			}, "may not approve"},
			"a rule wants more than came": {func(_ *agent.Session, p *agent.Proof) {
				p.Policy = under(w.T, func(r *rbac.OrgRules) {
					r.Approvals = []rbac.ApprovalRule{{Name: "three", Need: rbac.Need{Count: 3, Rule: "three"}}}
				})
			}, "quorum was not met"},
			"policy denied it at the start": {func(_ *agent.Session, p *agent.Proof) {
				p.Policy = under(w.T, func(r *rbac.OrgRules) { r.Environments["prod"] = rbac.Sandbox })
			}, "policy denied it when it started"},
			"a freeze at the start": {func(x *agent.Session, p *agent.Proof) {
				at := find(x, agent.KindStarted).At
				p.Policy = under(w.T, func(r *rbac.OrgRules) {
					r.Freezes = []rbac.Freeze{{ID: "f", Env: "prod", At: at.Add(-time.Hour), Until: at.Add(time.Hour), Reason: "release", By: "Dan"}}
				})
			}, "started in a freeze of prod"},
			"a freeze that was over": {func(x *agent.Session, p *agent.Proof) {
				at := find(x, agent.KindStarted).At
				p.Policy = under(w.T, func(r *rbac.OrgRules) {
					r.Freezes = []rbac.Freeze{{ID: "f", Env: "prod", At: at.Add(-2 * time.Hour), Until: at.Add(-time.Hour), Reason: "release", By: "Dan"}}
				})
			}, ""},
			"approved after the start": {func(x *agent.Session, _ *agent.Proof) {
				for i := range x.Events {
					if x.Events[i].Kind == agent.KindVerdict {
						x.Events[i].Seq += 100
					}
				}
			}, "verdicts on the card are not those on record"},
			"a card that was void": {func(x *agent.Session, _ *agent.Proof) {
				h := *find(x, agent.KindVerdict).Payload.Hold
				h.State = agent.Void
				before(x, agent.KindStarted, agent.Event{Kind: agent.KindClosed, Payload: agent.Payload{Hold: &h}})
			}, "the card was void before it started"},
			"a verdict on another digest": {func(x *agent.Session, _ *agent.Proof) {
				find(x, agent.KindVerdict).Payload.Hold.Approval.Digest = "other"
			}, "something else than the card showed"},
			"a verdict whose end was moved": {func(x *agent.Session, _ *agent.Proof) {
				h := find(x, agent.KindVerdict).Payload.Hold
				h.Approval.Verdicts[0].At, h.Expires = h.Expires, h.Expires.Add(time.Hour)
			}, "a verdict after the card had expired"},
			"another tool":        {func(x *agent.Session, _ *agent.Proof) { find(x, agent.KindStarted).Payload.Call.Tool = "apply" }, "not the call that the card showed"},
			"run as the approver": {func(x *agent.Session, _ *agent.Proof) { find(x, agent.KindStarted).Actor = person("bob") }, "it ran as bob"},
			"called a read": {func(x *agent.Session, _ *agent.Proof) {
				h := find(x, agent.KindStarted).Payload.Hold
				h.Request.Action.Effect, h.Approval = rbac.Read, nil
			}, "without an approval"},
			"the start cut out": {func(x *agent.Session, _ *agent.Proof) {
				without(x, func(ev agent.Event) bool { return ev.Kind == agent.KindStarted })
				for i := range x.Events {
					if r := x.Events[i].Payload.Result; r != nil {
						r.Applied = "applied"
					}
				}
			}, "no start is on record"},
		} {
			x, p := copied(w.T, sess), proof
			c.tamper(x, &p)
			all, err := agent.Coverage(w.Context(), x, p)
			if err != nil || len(all) == 0 {
				t.Fatalf("%s: %v %v", name, all, err)
			}
			wrong := strings.Join(all[0].Wrong, "; ")
			if (wrong == "") != (c.want == "") || !strings.Contains(wrong, c.want) || all[0].Session != sess.ID || all[0].Call == "" {
				t.Errorf("%s: %+v, want %q", name, all[0], c.want)
			}
		}
		x := copied(w.T, sess)
		find(x, agent.KindStarted).Payload = agent.Payload{Call: &agent.ToolCall{}}
		if all, err := agent.Coverage(w.Context(), x, proof); err != nil || len(all) != 1 || !all[0].Erased {
			t.Errorf("erased: %+v %v", all, err)
		}
	}, "destroy", "=done")
}

// A broken glass is said, with its review; without one in time it is a violation.
func TestCoverageOfReviews(t *testing.T) {
	play(t, func(w *world) {
		s := besiege(w)
		s.rules.People["carol"] = rbac.Person{Name: "Carol", Roles: []string{"breakglass"}, Chat: s.rules.People["carol"].Chat}
		s.load()
		s.ask("alice")
		if why := s.say(s.held(), "carol", agent.Press{Glass: true, Text: "the site is down"}); why != "" {
			s.Fatal(why)
		}
		s.mustWork()
		judge := func(when, wrong, note string, change func(x *agent.Session)) {
			w.Helper()
			sess, proof := s.covered()
			x := copied(w.T, sess)
			change(x)
			all, err := agent.Coverage(w.Context(), x, proof)
			if err != nil || len(all) != 1 || (wrong == "") != (len(all[0].Wrong) == 0) || !strings.Contains(strings.Join(all[0].Wrong, ";"), wrong) ||
				!strings.Contains(strings.Join(all[0].Notes, ";"), note) {
				t.Errorf("%s: %+v %v", when, all, err)
			}
		}
		as := func(*agent.Session) {}
		judge("open", "", "nobody has reviewed that yet", as)
		judge("no review", "no review was opened", "broke the glass: the site is down", func(x *agent.Session) {
			without(x, func(ev agent.Event) bool { return ev.Kind == agent.KindQuestion })
		})
		judge("another's review", "no review was opened", "", func(x *agent.Session) {
			find(x, agent.KindQuestion).Payload.Hold.Call.Args = json.RawMessage(`{"hold":"other"}`)
		})
		if why := s.press("bob", agent.ReviewFollowUp); why != "" {
			s.Fatal(why)
		}
		s.mustWork()
		judge("reviewed", "", "reviewed by Bob: follow up", as)
		judge("by who broke it", "reviewed what they asked for, or broke the glass for", "", func(x *agent.Session) {
			find(x, agent.KindAnswered).Actor = find(x, agent.KindVerdict).Actor
		})
	}, "apply", "=done")
}

func TestReviewNobodyAnsweredIsFound(t *testing.T) {
	play(t, func(w *world) {
		s := besiege(w)
		s.rules.People["carol"] = rbac.Person{Name: "Carol", Roles: []string{"breakglass"}, Chat: s.rules.People["carol"].Chat}
		s.load()
		s.ask("alice")
		s.say(s.held(), "carol", agent.Press{Glass: true, Text: "the site is down"})
		s.mustWork()
		time.Sleep(8 * 24 * time.Hour)
		s.mustWork()
		sess, proof := s.covered()
		if all, err := agent.Coverage(w.Context(), sess, proof); err != nil || len(all) != 1 || !strings.Contains(strings.Join(all[0].Wrong, ";"), "nobody reviewed that in time") {
			t.Errorf("%+v %v", all, err)
		}
	}, "apply", "=done")
}

// A version counts from its record to the next one; clocks may differ a little.
func TestInForce(t *testing.T) {
	t.Parallel()
	_, file := policyWorld(t)
	cfg, _, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := orgKeys(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db, err := openStore(t.Context(), cfg, keys, 0, logger(cfg.Log))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	at := func(hour int) time.Time { return time.Date(2026, 11, 1, hour, 0, 0, 0, time.UTC) }
	for i, hash := range []string{"a", "b", "a", "c"} {
		if err := db.RecordPolicy(t.Context(), org, store.PolicyVersion{Hash: hash, Source: "test", At: at(i * 2), Rules: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
	}
	in, err := inForceOf(t.Context(), db, org)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		version string
		at      time.Time
		want    bool
	}{
		{"a", at(0).Add(-time.Hour), false},
		{"a", at(0), true},
		{"a", at(1), true},
		{"a", at(2).Add(skew), true},
		{"a", at(3), false},
		{"a", at(5), true},
		{"a", at(7), false},
		{"b", at(1), false},
		{"b", at(2).Add(-skew), true},
		{"b", at(3), true},
		{"b", at(5), false},
		{"c", at(9), true},
		{"d", at(1), false},
	} {
		if got, err := in(t.Context(), c.version, c.at); err != nil || got != c.want {
			t.Errorf("%s at %s: %v %v", c.version, c.at, got, err)
		}
	}
}

// Each violation and each note is one line, whatever people wrote.
func TestCoverageIsPrinted(t *testing.T) {
	t.Parallel()
	when := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	var out bytes.Buffer
	n := printCovered(&out, org, []agent.Covered{
		{Session: "s1", Call: "c1", Tool: "apply", At: when},
		{Session: "s2", Call: "c2", Tool: "apply", At: when, Wrong: []string{"one \x1b[2J\nline", "two"}},
		{Session: "s3", Call: "c3", Tool: "apply", At: when, Glass: true, Notes: []string{"nobody has reviewed that yet"}},
		{Session: "s4", At: when, Erased: true, Notes: []string{"erased"}},
	})
	want := `acme: 3 live changes: 1 approved, 1 by broken glass (0 reviewed), 1 violations
acme: 1 sessions were erased, and of them nothing can be proven
  session s2 call c2 (apply) at 2026-11-01T09:00:00Z: one ?[2J?line
  session s2 call c2 (apply) at 2026-11-01T09:00:00Z: two
  note: session s3 call c3 (apply) at 2026-11-01T09:00:00Z: nobody has reviewed that yet
`
	if out.String() != want || n != 1 {
		t.Errorf("%d violations:\n%s", n, out.String())
	}
}
