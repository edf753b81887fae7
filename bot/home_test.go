package bot

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

var opsInSlack = agent.Thread{Platform: "slack", Channel: "C-ops", ID: "1.0"}

func (w *world) home(who rbac.Actor) []Placed {
	w.Helper()
	h, err := w.Home(w.Context(), "acme", who)
	if err != nil {
		w.Fatal(err)
	}
	for _, p := range h.Cards {
		unmarked(w.T, p.Card.Title, p.Card)
	}
	return h.Cards
}

// titled are the cards with such a title.
func titled(all []Placed, title string) (found []Placed) {
	for _, p := range all {
		if strings.HasPrefix(p.Card.Title, title) {
			found = append(found, p)
		}
	}
	return found
}

func titles(all []Placed) (names []string) {
	for _, p := range all {
		names = append(names, p.Card.Title)
	}
	return names
}

// busy is a world in which everything can be seen that a Home shows.
func busy(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.hold("ONE", "payments-prod", opsInSlack)
	w.hold("FAR", "payments-prod", here)
	w.holds[1].Request.Action.Effect = rbac.Destroy
	w.open["web"] = []agent.Finding{{Stack: "web", Fingerprint: "a", Since: time.Now().Add(-48 * time.Hour)}, {Stack: "web", Fingerprint: "b", Since: time.Now().Add(-time.Hour)}}
	w.last["web"] = time.Now().Add(-10 * time.Minute)
	w.last["payments-prod"] = time.Now().Add(-5 * time.Minute)
	w.Upcoming = func(_ string, now time.Time) []Upcoming {
		return []Upcoming{{"nightly", "web", now.Add(30 * time.Hour)}, {"hourly", "payments-prod", now.Add(time.Hour)}, {"hidden", "secret", now.Add(time.Minute)}}
	}
	w.Models = func() []ModelState { return []ModelState{{Name: "some-model"}} }
	w.Oldest = func(context.Context, string) (time.Duration, error) { return 0, nil }
	w.running = []agent.Job{{Actor: w.snap.Resolve(w.person("bob")), Text: "look at web"}, {Actor: w.snap.Resolve(w.person("alice")), Text: "not Bob's"}}
	return w
}

// The whole of it, in its order, as one approver sees it in one chat.
func TestHome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := busy(t)
		all := w.home(w.person("bob"))
		want := []string{
			"Waiting for you", "Destroy in payments-prod?", "Change payments-prod?", "What you asked for", "web", "payments-prod", "Next scans", "Health",
		}
		if got := titles(all); !slices.Equal(got, want) {
			t.Fatalf("%q", got)
		}
		onFile(t, "home/approver", all)
	})
}

// A button of a Home is pressed in the card's own thread, and in no other. A card
// of another chat has none, because nobody could carry the press there.
func TestHomeIsPressed(t *testing.T) {
	t.Parallel()
	w := busy(t)
	cards := w.home(w.person("bob"))
	far := titled(cards, "Destroy in payments-prod?")[0]
	if len(far.Card.Buttons) != 0 || far.Card.Footer != "Its buttons are in console." || far.Thread != here {
		t.Errorf("%+v", far)
	}
	near := titled(cards, "Change payments-prod?")[0]
	if near.Thread != opsInSlack || near.Card.Buttons[0].Verb != verbApprove {
		t.Fatalf("%+v", near)
	}
	for _, forged := range []agent.Thread{{}, here, {Platform: "slack", Channel: "C-ops", ID: "2.0"}, {Platform: "slack", Channel: "C-lab", ID: "1.0"}} {
		for _, b := range near.Card.Buttons {
			r := w.click(w.person("bob"), forged, b.Verb, w.holds[0])
			if r.Modal == nil && r.Private != "Refused: there is no such card." || r.Card != nil || r.Note != nil {
				t.Errorf("%s in %v: %+v", b.Verb, forged, r)
			}
		}
	}
	if h, err := w.store.Held(t.Context(), "acme", "ONE"); err != nil || len(h.Approval.Verdicts) != 0 {
		t.Fatalf("a forged thread counted: %+v, %v", h.Approval.Verdicts, err)
	}
	if r := w.click(w.person("bob"), near.Thread, verbPlan, w.holds[0]); r.Note == nil {
		t.Errorf("%+v", r)
	}
	r := w.click(w.person("bob"), near.Thread, verbDeny, w.holds[0])
	if r.Modal == nil {
		t.Errorf("%+v", r)
	}
	web := titled(cards, "web")[0]
	if b := web.Card.Buttons[0]; b.Verb != verbScan || b.Value != "web" || web.Thread != (agent.Thread{Platform: "slack", Channel: "C-lab", ID: "~scan/web"}) {
		t.Errorf("%+v", web)
	}
}

// The press of a Home counts as one in the thread does.
func TestHomeApproves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.hold("ONE", "payments-prod", opsInSlack)
	near := titled(w.home(w.person("bob")), "Change")[0]
	b := near.Card.Buttons[0]
	for who, want := range map[string]string{"alice": "Refused: who asked", "vic": "Refused: "} {
		if r, err := w.Click(t.Context(), Click{ID: who, Org: "acme", Thread: near.Thread, Actor: w.person(who), Verb: b.Verb, Value: b.Value}); err != nil || !strings.HasPrefix(r.Private, want) {
			t.Errorf("%s: %+v, %v", who, r, err)
		}
	}
	if kept, err := w.store.Held(t.Context(), "acme", h.ID); err != nil || kept.State != agent.Open {
		t.Errorf("%+v, %v", kept.State, err)
	}
}

// What a person cannot decide does not wait for them: their own, what they have
// decided, what is over, and what only others may.
func TestHomeWaitsForMe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hold("ONE", "payments-prod", opsInSlack)
	yes := w.hold("YES", "payments-prod", opsInSlack)
	yes.Approval.Need, yes.Approval.Verdicts = 2, []agent.Verdict{{Approve: true, By: w.snap.Resolve(w.person("bob"))}}
	old := w.hold("OLD", "payments-prod", opsInSlack)
	old.Expires = time.Now().Add(-time.Minute)
	w.holds[1], w.holds[2] = yes, old
	w.holds = append(w.holds, agent.Hold{ID: "ASK", State: agent.Open, Thread: opsInSlack, Opened: time.Now(), Expires: time.Now().Add(time.Hour), Request: yes.Request, Question: &agent.Question{Text: "Which?"}})
	for who, want := range map[string]int{"bob": 1, "carol": 2, "alice": 0, "vic": 0} {
		all := w.home(w.person(who))
		if got := len(titled(all, "Change")); got != want {
			t.Errorf("%s sees %d cards, want %d", who, got, want)
		}
		if own := titled(all, "What you asked for")[0].Card; (len(own.Fields) > 0) != (who == "alice") {
			t.Errorf("%s asked for %+v", who, own.Fields)
		}
	}
	var own []string
	for _, f := range titled(w.home(w.person("alice")), "What you asked for")[0].Card.Fields {
		own = append(own, f.Name)
	}
	if !slices.Equal(own, []string{"7f3a-91c2", "7f3a-91c2", "7f3a-91c2", "Question"}) {
		t.Errorf("Alice asked for %v", own)
	}
}

// Who may ask for nothing sees whom to ask, and nothing else.
func TestHomeOfAStranger(t *testing.T) {
	t.Parallel()
	w := busy(t)
	for name, who := range map[string]rbac.Actor{"outsider": w.outsider, "stranger": w.stranger, "switched off": w.person("olga")} {
		all := w.home(who)
		if len(all) != 1 || len(all[0].Card.Buttons)+len(all[0].Card.Fields) != 0 || !strings.Contains(all[0].Card.Next, "Heidi (person:heidi, ") {
			t.Errorf("%s: %+v", name, all)
		}
	}
	onFile(t, "home/stranger", w.home(w.stranger))
	w.Policy = nil
	if got := w.home(w.stranger)[0].Card.Next; got != "Ask whoever runs Interlock to add you." {
		t.Errorf("%q", got)
	}
}
