package bot

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
)

// refs are where copies are.
type refs map[string]Ref

func (r refs) Ref(_ context.Context, _, key string) (Ref, bool, error) {
	got, ok := r[key]
	return got, ok, nil
}

// A card asked for in one chat is decided on its copy in another one, by who may; a
// thread beside it decides nothing.
func TestACopyIsPressed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.hold("ONE", "payments-prod", opsInSlack)
	if got := w.Copies(h); !slices.Equal(got, []string{"console:ops"}) {
		t.Fatalf("copies in %v", got)
	}
	at := agent.Thread{Platform: "console", Channel: "ops", ID: "77"}
	beside := agent.Thread{Platform: "console", Channel: "ops", ID: "78"}
	w.Refs = refs{"ONE@console:ops": {Thread: at, MessageID: "m"}}
	bob := w.person("bob")
	bob.Platform, bob.Tenant, bob.ID = "console", "", "bob"
	if r := w.click(bob, beside, verbApprove, h); r.Private != "Refused: there is no such card." {
		t.Errorf("beside: %+v", r)
	}
	alice := bob
	alice.ID = "alice"
	if r := w.click(alice, at, verbApprove, h); !strings.HasPrefix(r.Private, "Refused: who asked") {
		t.Errorf("who asked, in the other chat: %q", r.Private)
	}
	if r := w.click(bob, at, verbPlan, h); r.Note == nil {
		t.Errorf("plan: %+v", r)
	}
	r := w.click(bob, at, verbView, h)
	if r.Card == nil || !slices.ContainsFunc(r.Card.Buttons, func(b Button) bool { return b.Verb == verbApprove }) {
		t.Errorf("view: %+v", r)
	}
}

// Who may not decide sees no buttons of those who may, and is told why.
func TestAViewIsOfOnePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.hold("ONE", "payments-prod", opsInSlack)
	for who, want := range map[string]bool{"bob": true, "alice": false, "vic": false} {
		r := w.click(w.person(who), opsInSlack, verbView, h)
		if r.Card == nil {
			t.Errorf("%s: %+v", who, r)
			continue
		}
		if got := slices.ContainsFunc(r.Card.Buttons, func(b Button) bool { return b.Verb == verbApprove || b.Verb == verbDeny }); got != want || (r.Private == "") != want {
			t.Errorf("%s sees %+v, told %q", who, r.Card.Buttons, r.Private)
		}
	}
	for name, r := range map[string]Reply{
		"an outsider": w.click(w.outsider, opsInSlack, verbView, h), "another thread": w.click(w.person("bob"), here, verbView, h),
	} {
		if r.Card != nil || !strings.HasPrefix(r.Private, "Refused") {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// The outbox has a card shown in the stack's rooms of other chats, edits each copy
// by itself, and never the copy of a copy.
func TestCardsAreCopied(t *testing.T) {
	t.Parallel()
	h := approval()
	h.ID = "ONE"
	s := &pile{}
	b := &booth{posts: func(string) error { return nil }}
	b.at = map[string]time.Time{}
	o := &Outbox{Rows: s, Platforms: map[string]Platform{"booth": b}, Orgs: []string{"acme"}, Copies: func(agent.Hold) []string { return []string{"booth:there"} }}
	ev := agent.Event{ID: "ev", Kind: agent.KindApproval, Payload: agent.Payload{Hold: &h}}
	own := Row{ID: "ev", Thread: agent.Thread{Platform: "booth", Channel: "here", ID: "1"}, Event: ev}
	other := Row{ID: "ev@booth:there", Thread: own.Thread, Event: ev, Room: "booth:there"}
	s.rows = []Row{own}
	if n, err := o.Drain(t.Context(), agenttest.Org); err != nil || n != 1 || s.became["ev@booth:there"] != "copied" {
		t.Fatalf("%d, %v, became %v", n, err, s.became)
	}
	s.rows = []Row{other}
	if n, err := o.Drain(t.Context(), agenttest.Org); err != nil || n != 1 {
		t.Fatalf("%d, %v", n, err)
	}
	if s.became["ev@booth:there"] != "sent" || b.at["here"].IsZero() || b.at["there"].IsZero() {
		t.Errorf("became %v, shown in %v", s.became, b.at)
	}
	if _, twice := s.became["ev@booth:there@booth:there"]; twice {
		t.Error("a copy was copied")
	}
}
