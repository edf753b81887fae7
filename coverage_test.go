package main

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// covered plays a change to its end and gives its session, with the proof that an
// auditor has: the policies by their versions, as they were recorded.
func (s *siege) covered() (*agent.Session, agent.Proof) {
	s.Helper()
	sess, err := s.Open(s.Context(), org, thread)
	if err != nil {
		s.Fatal(err)
	}
	then := s.live.Snapshot(org)
	return sess, agent.Proof{Key: []byte("k"), Policy: func(_ context.Context, version string) (rbac.Source, error) {
		if version == then.Version() {
			return then, nil
		}
		return nil, agent.ErrNotFound
	}}
}

// copied is a session that can be tampered with.
func copied(t *testing.T, s *agent.Session) *agent.Session {
	t.Helper()
	body, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var c agent.Session
	if err := json.Unmarshal(body, &c); err != nil {
		t.Fatal(err)
	}
	return &c
}

func find(s *agent.Session, k agent.Kind) *agent.Event {
	i := slices.IndexFunc(s.Events, func(ev agent.Event) bool { return ev.Kind == k && ev.Payload.Hold != nil })
	return &s.Events[i]
}

func without(s *agent.Session, drop func(ev agent.Event) bool) {
	s.Events = slices.DeleteFunc(s.Events, drop)
}

// Each way of running something without the approval that it needed is found in
// the log alone; the honest change holds.
func TestCoverage(t *testing.T) {
	play(t, func(w *world) {
		s := besiege(w)
		s.ask("alice")
		s.honest("destroy")
		sess, proof := s.covered()
		late := func(ev *agent.Event) { ev.At = ev.At.Add(2 * time.Hour) }
		for name, c := range map[string]struct {
			tamper func(x *agent.Session, p *agent.Proof)
			want   string
		}{
			"honest": {func(*agent.Session, *agent.Proof) {}, ""},
			"no card": {func(x *agent.Session, _ *agent.Proof) {
				without(x, func(ev agent.Event) bool { return ev.Kind == agent.KindApproval })
			}, "no card"},
			"started without hold": {func(x *agent.Session, _ *agent.Proof) { find(x, agent.KindStarted).Payload.Hold = nil }, "without an approval"},
			"a verdict is missing": {func(x *agent.Session, _ *agent.Proof) {
				n := 0
				without(x, func(ev agent.Event) bool {
					n += map[bool]int{true: 1}[ev.Kind == agent.KindVerdict]
					return ev.Kind == agent.KindVerdict && n == 1
				})
			}, "quorum was not met"},
			"one counted as two": {func(x *agent.Session, _ *agent.Proof) {
				last := x.Events
				for i := range last {
					if last[i].Kind == agent.KindVerdict || last[i].Kind == agent.KindStarted {
						for j := range last[i].Payload.Hold.Approval.Verdicts {
							last[i].Payload.Hold.Approval.Verdicts[j].By = last[i].Payload.Hold.Approval.Verdicts[0].By
						}
						if last[i].Kind == agent.KindVerdict {
							last[i].Actor = last[i].Payload.Hold.Approval.Verdicts[0].By
						}
					}
				}
			}, "quorum was not met"},
			"in another's name": {func(x *agent.Session, _ *agent.Proof) { find(x, agent.KindVerdict).Actor = person("dan") }, "somebody else's name"},
			"by the one who asked": {func(x *agent.Session, _ *agent.Proof) {
				for i := range x.Events {
					if h := x.Events[i].Payload.Hold; h != nil && len(h.Approval.Verdicts) > 0 {
						h.Approval.Verdicts[0].By = h.Request.Actor
						if x.Events[i].Kind == agent.KindVerdict && len(h.Approval.Verdicts) == 1 {
							x.Events[i].Actor = h.Request.Actor
						}
					}
				}
			}, "approved what they asked for"},
			"another digest": {func(x *agent.Session, _ *agent.Proof) {
				find(x, agent.KindApproval).Payload.Hold.Approval.Bound.Commit = "other"
			}, "digest of the card does not hold"},
			"another call": {func(x *agent.Session, _ *agent.Proof) {
				find(x, agent.KindStarted).Payload.Call.Args = json.RawMessage(`{"other":1}`)
			}, "not the call that the card showed"},
			"another key":    {func(_ *agent.Session, p *agent.Proof) { p.Key = []byte("other") }, "digest of the card does not hold"},
			"after its time": {func(x *agent.Session, _ *agent.Proof) { late(find(x, agent.KindStarted)) }, "after the card had expired"},
			"policy not kept": {func(_ *agent.Session, p *agent.Proof) {
				p.Policy = func(context.Context, string) (rbac.Source, error) { return nil, agent.ErrNotFound }
			}, "is not on record"},
			"started twice": {func(x *agent.Session, _ *agent.Proof) {
				again := *find(x, agent.KindStarted)
				again.Seq = 99
				x.Events = append(x.Events, again)
			}, "started twice"},
			"declined before": {func(x *agent.Session, _ *agent.Proof) {
				h := find(x, agent.KindVerdict).Payload.Hold
				h.Approval.Verdicts[0].Approve = false
			}, "declined before it started"},
			"a late verdict": {func(x *agent.Session, _ *agent.Proof) {
				h := find(x, agent.KindVerdict).Payload.Hold
				h.Approval.Verdicts[0].At = h.Expires
			}, "after the card had expired"},
			"no right then": {func(_ *agent.Session, p *agent.Proof) {
				rules := guarded()
				for _, id := range []string{"bob", "carol"} {
					q := rules.People[id]
					q.Roles = []string{"viewer"}
					rules.People[id] = q
				}
				other, err := rbac.NewSnapshot(org, rules)
				if err != nil {
					t.Fatal(err)
				}
				p.Policy = func(context.Context, string) (rbac.Source, error) { return other, nil }
			}, "had no right to approve it then"},
		} {
			x, p := copied(w.T, sess), proof
			c.tamper(x, &p)
			all, err := agent.Coverage(w.Context(), x, p)
			if err != nil || len(all) == 0 {
				t.Fatalf("%s: %v %v", name, all, err)
			}
			wrong := ""
			for _, one := range all {
				wrong += strings.Join(one.Wrong, "; ")
			}
			if (wrong == "") != (c.want == "") || !strings.Contains(wrong, c.want) {
				t.Errorf("%s: %q, want %q", name, wrong, c.want)
			}
		}
		p := proof
		p.Artifact = func(context.Context, string) ([]byte, error) { return []byte("swapped"), nil }
		x := copied(w.T, sess)
		for i := range x.Events {
			if h := x.Events[i].Payload.Hold; h != nil {
				h.Approval.Bound.Artifact = "p1"
			}
		}
		if all, err := agent.Coverage(w.Context(), x, p); err != nil || !strings.Contains(strings.Join(all[0].Wrong, ";"), "stored plan is not the one") {
			t.Errorf("swapped bytes: %v %v", all, err)
		}
	}, "destroy", "=done")
}

// A broken glass is no violation, and is said; without the right it is one.
func TestCoverageOfBrokenGlass(t *testing.T) {
	play(t, func(w *world) {
		s := besiege(w)
		s.rules.People["carol"] = rbac.Person{Name: "Carol", Roles: []string{"breakglass"}, Chat: s.rules.People["carol"].Chat}
		s.load()
		s.ask("alice")
		if why := s.say(s.held(), "carol", agent.Press{Glass: true, Text: "the site is down"}); why != "" {
			s.Fatal(why)
		}
		s.mustWork()
		s.ran("apply", 1)
		sess, proof := s.covered()
		all, err := agent.Coverage(w.Context(), sess, proof)
		if err != nil || len(all) != 1 || len(all[0].Wrong) > 0 || !all[0].Glass || all[0].Reviewed {
			t.Fatalf("%+v %v", all, err)
		}
		q := s.held()
		if why := s.press("bob", agent.ReviewRight); why != "" {
			s.Fatal(why, q)
		}
		s.mustWork()
		sess, proof = s.covered()
		if all, err = agent.Coverage(w.Context(), sess, proof); err != nil || !all[0].Reviewed {
			t.Fatalf("after the review: %+v %v", all, err)
		}
		s.rules.People["carol"] = rbac.Person{Name: "Carol", Roles: []string{"viewer"}, Chat: s.rules.People["carol"].Chat}
		s.load()
		other := s.live.Snapshot(org)
		proof.Policy = func(context.Context, string) (rbac.Source, error) { return other, nil }
		if all, err = agent.Coverage(w.Context(), sess, proof); err != nil || !strings.Contains(strings.Join(all[0].Wrong, ";"), "no right to break") {
			t.Fatalf("without the right: %+v %v", all, err)
		}
	}, "apply", "=done")
}
