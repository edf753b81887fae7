package agenttest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// TestStore is what every agent.Store must do. Open gives an empty store that
// knows Org and Rival.
func TestStore(t *testing.T, open func(t *testing.T) agent.Store) {
	for name, test := range map[string]func(t *testing.T, s agent.Store){
		"a thread is one session":         oneSession,
		"what comes out is what went in":  roundTrip,
		"events are numbered":             numbered,
		"another Org's is not found":      tenants,
		"a hold is swapped":               swapped,
		"a raced batch writes nothing":    raced,
		"what is known of a stack is one": drifts,
		"many writers":                    manyWriters,
		"nobody shares what is kept":      nobodyShares,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func mustOpen(t *testing.T, s agent.Store, org, thread string) *agent.Session {
	t.Helper()
	got, err := s.Open(t.Context(), org, Thread(thread))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func mustAppend(t *testing.T, s agent.Store, org string, b agent.Batch) {
	t.Helper()
	if err := s.Append(t.Context(), org, b); err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		g, _ := json.Marshal(got)
		w, _ := json.Marshal(want)
		t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}

func isErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

func oneSession(t *testing.T, s agent.Store) {
	a := mustOpen(t, s, Org, "1")
	if a.ID == "" || a.Org != Org || a.Thread != Thread("1") || len(a.Events) != 0 {
		t.Fatalf("new session is %+v", a)
	}
	if b := mustOpen(t, s, Org, "1"); b.ID != a.ID {
		t.Errorf("the same thread is session %s and %s", a.ID, b.ID)
	}
	if b := mustOpen(t, s, Org, "2"); b.ID == a.ID {
		t.Error("two threads share a session")
	}
	if b := mustOpen(t, s, Rival, "1"); b.ID == a.ID {
		t.Error("two Orgs share a session")
	}
	got, err := s.Load(t.Context(), Org, a.ID)
	if err != nil || got.Thread != a.Thread {
		t.Errorf("load: %+v, %v", got, err)
	}
}

func roundTrip(t *testing.T, s agent.Store) {
	sess := mustOpen(t, s, Org, "1")
	h := card(sess)
	full := Answer(sess, "line\n\x01 <b>&</b> \u2028 ü")
	full.Label = rbac.Label{Integrity: rbac.Trusted, Confidentiality: rbac.Internal, Origins: []string{"a", "b"}}
	full.Payload.Call = &h.Call
	full.Payload.Result = &agent.ToolResult{Text: "out", Plan: &agent.Plan{Stack: "web", Resources: []agent.PlanResource{{Address: "x.y"}}}}
	full.Payload.Step = &agent.Step{Calls: []agent.ToolCall{h.Call}}
	full.Payload.Spent = &agent.Spent{Steps: 1, Wall: 1500 * time.Millisecond}
	full.Payload.Hold = &h
	bare := Answer(sess, "")
	bare.Causes, bare.Label = nil, rbac.Label{}
	empty := Answer(sess, "")
	empty.Causes, empty.Label.Origins = []string{}, []string{}
	b := agent.Batch{Events: []agent.Event{full, bare, empty}, Hold: &h}
	mustAppend(t, s, Org, b)
	if h.Version != 1 {
		t.Errorf("version of the hold is %d, want 1", h.Version)
	}
	// The event holds the card as it was when it was written.
	was := h
	was.Version = 0
	b.Events[0].Payload.Hold = &was
	got, err := s.Load(t.Context(), Org, sess.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "events", got.Events, b.Events)
	kept, err := s.Held(t.Context(), Org, h.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "hold", kept, h)
}

func numbered(t *testing.T, s agent.Store) {
	a, b := mustOpen(t, s, Org, "1"), mustOpen(t, s, Org, "2")
	batch := agent.Batch{Events: []agent.Event{Answer(a, "1"), Answer(b, "1"), Answer(a, "2")}}
	mustAppend(t, s, Org, batch)
	if e := batch.Events; e[0].Seq != 1 || e[1].Seq != 1 || e[2].Seq != 2 {
		t.Errorf("numbers %d %d %d", e[0].Seq, e[1].Seq, e[2].Seq)
	}
	mustAppend(t, s, Org, agent.Batch{Events: []agent.Event{Answer(a, "3")}})
	evs, err := s.Tail(t.Context(), Org, a.ID, 1)
	if err != nil || len(evs) != 2 || evs[0].Seq != 2 || evs[1].Payload.Text != "3" {
		t.Errorf("tail: %+v, %v", evs, err)
	}
	evs, err = s.Tail(t.Context(), Org, a.ID, 3)
	if err != nil || len(evs) != 0 {
		t.Errorf("tail after the end: %+v, %v", evs, err)
	}
}

func tenants(t *testing.T, s agent.Store) {
	ours := mustOpen(t, s, Org, "1")
	h := card(ours)
	mustAppend(t, s, Org, agent.Batch{Events: []agent.Event{Answer(ours, "secret")}, Hold: &h})
	for _, org := range []string{Rival, "nobody", ""} {
		_, err := s.Load(t.Context(), org, ours.ID)
		isErr(t, err, agent.ErrNotFound)
		_, err = s.Tail(t.Context(), org, ours.ID, 0)
		isErr(t, err, agent.ErrNotFound)
		_, err = s.Held(t.Context(), org, h.ID)
		isErr(t, err, agent.ErrNotFound)
		isErr(t, s.Append(t.Context(), org, agent.Batch{Events: []agent.Event{Answer(ours, "forged")}}), agent.ErrNotFound)
		forged := Answer(ours, "forged")
		forged.Org = org
		isErr(t, s.Append(t.Context(), org, agent.Batch{Events: []agent.Event{forged}}), agent.ErrNotFound)
	}
	_, err := s.Load(t.Context(), Org, "none")
	isErr(t, err, agent.ErrNotFound)
	stray := Answer(ours, "stray")
	stray.Session = "none"
	isErr(t, s.Append(t.Context(), Org, agent.Batch{Events: []agent.Event{Answer(ours, "with it"), stray}}), agent.ErrNotFound)
	if got := mustOpen(t, s, Org, "1"); len(got.Events) != 1 {
		t.Errorf("%d events, want 1", len(got.Events))
	}
}

func swapped(t *testing.T, s agent.Store) {
	sess := mustOpen(t, s, Org, "1")
	h := card(sess)
	mustAppend(t, s, Org, agent.Batch{Hold: &h})
	second := h
	h.State = agent.Approved
	h.Approval.Verdicts = []agent.Verdict{{ID: "click", Approve: true, By: Person(Org, "bob"), At: Now()}}
	mustAppend(t, s, Org, agent.Batch{Hold: &h})
	if h.Version != 2 {
		t.Errorf("version %d, want 2", h.Version)
	}
	second.State = agent.Denied
	isErr(t, s.Append(t.Context(), Org, agent.Batch{Hold: &second}), agent.ErrRaced)
	if second.Version != 1 {
		t.Errorf("a raced hold has version %d, want 1", second.Version)
	}
	got, err := s.Held(t.Context(), Org, h.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "hold", got, h)
}

func raced(t *testing.T, s agent.Store) {
	sess := mustOpen(t, s, Org, "1")
	h := card(sess)
	twin := h
	mustAppend(t, s, Org, agent.Batch{Hold: &h})
	for _, h := range []*agent.Hold{&twin, {ID: "none", Org: Org, Session: sess.ID, Version: 3}} {
		evs := []agent.Event{Answer(sess, "lost")}
		err := s.Append(t.Context(), Org, agent.Batch{Events: evs, Hold: h, Drift: &agent.Drift{Org: Org, Stack: "web", Findings: []agent.Finding{{Stack: "web", Fingerprint: "f"}}}})
		isErr(t, err, agent.ErrRaced)
		if evs[0].Seq != 0 {
			t.Errorf("an event that was not written has number %d", evs[0].Seq)
		}
	}
	known(t, s, Org, agent.Drift{Org: Org, Stack: "web"})
	if got := mustOpen(t, s, Org, "1"); len(got.Events) != 0 {
		t.Errorf("%d events, want none", len(got.Events))
	}
}

func drifts(t *testing.T, s agent.Store) {
	at := Now()
	f := agent.Finding{Org: Org, Stack: "web", Fingerprint: "f", Resource: "r", Attribute: "a", Code: "1", Real: "2", Since: at, Seen: at}
	f.Accepted = &agent.Acceptance{By: Person(Org, "alice"), At: at, Until: at.Add(time.Hour), Because: "it is planned"}
	known(t, s, Org, agent.Drift{Org: Org, Stack: "web"})
	d := agent.Drift{Org: Org, Stack: "web", Thread: Thread("~drift/web/1"), Began: at, Scanned: at, Findings: []agent.Finding{f}}
	twin := d
	mustAppend(t, s, Org, agent.Batch{Drift: &d})
	if d.Version != 1 {
		t.Errorf("version %d after the first write", d.Version)
	}
	known(t, s, Org, d)
	known(t, s, Rival, agent.Drift{Org: Rival, Stack: "web"})
	known(t, s, Org, agent.Drift{Org: Org, Stack: "db"})
	isErr(t, s.Append(t.Context(), Org, agent.Batch{Drift: &twin}), agent.ErrRaced)
	isErr(t, s.Append(t.Context(), Rival, agent.Batch{Drift: &d}), agent.ErrNotFound)
	d.Findings, d.Ended = nil, at.Add(time.Minute)
	mustAppend(t, s, Org, agent.Batch{Drift: &d})
	known(t, s, Org, d)
}

// known checks what is known of a stack.
func known(t *testing.T, s agent.Store, org string, want agent.Drift) {
	t.Helper()
	got, err := s.Drift(t.Context(), org, want.Stack)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "drift", got, want)
}

func manyWriters(t *testing.T, s agent.Store) {
	const writers, each = 8, 10
	sess := mustOpen(t, s, Org, "1")
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				if err := s.Append(t.Context(), Org, agent.Batch{Events: []agent.Event{Answer(sess, fmt.Sprint(w, i))}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	evs, err := s.Tail(t.Context(), Org, sess.ID, 0)
	if err != nil || len(evs) != writers*each {
		t.Fatalf("%d events, %v", len(evs), err)
	}
	for i, ev := range evs {
		if ev.Seq != int64(i+1) {
			t.Fatalf("event %d has number %d", i+1, ev.Seq)
		}
	}
}

func nobodyShares(t *testing.T, s agent.Store) {
	sess := mustOpen(t, s, Org, "1")
	h := card(sess)
	mustAppend(t, s, Org, agent.Batch{Events: []agent.Event{Answer(sess, "kept")}, Hold: &h})
	h.Approval.Digest = "changed"
	mine := mustOpen(t, s, Org, "1")
	mine.Events[0].Causes[0], mine.Events[0].Payload.Text = "changed", "changed"
	if got := mustOpen(t, s, Org, "1").Events[0]; got.Causes[0] != "job" || got.Payload.Text != "kept" {
		t.Errorf("event is %+v", got)
	}
	if got, err := s.Held(t.Context(), Org, h.ID); err != nil || got.Approval.Digest == "changed" {
		t.Errorf("hold is %+v, %v", got, err)
	}
}
