package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// Of many cards the most dangerous are shown, and the rest is counted.
func TestHomeOfMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 13 {
		w.hold(fmt.Sprint("H", i), "payments-prod", opsInSlack)
	}
	w.holds[12].Request.Action.Effect = rbac.Destroy
	w.Stacks = func(string) (all []Stack) {
		for range 12 {
			all = append(all, Stack{"payments-prod", "prod", []string{"slack:C-ops"}})
		}
		return all
	}
	all := w.home(w.person("bob"))
	if got := all[0].Card.Body; got != "13 approvals can be decided by you. The 10 most dangerous are shown; the other 3 are in their channels." {
		t.Errorf("%q", got)
	}
	if names := titles(all[1:12]); names[0] != "Destroy in payments-prod?" || names[9] != "Change payments-prod?" || names[10] != "What you asked for" {
		t.Errorf("%q", names)
	}
	if n, more := len(titled(all, "payments-prod")), all[len(all)-2].Card.Body; n != 10 || more != "And 2 stacks more that you may read." {
		t.Errorf("%d stacks, then %q", n, more)
	}
	asked := titled(w.home(w.person("alice")), "What you asked for")[0].Card
	if len(asked.Fields) != 10 || asked.Body != "And 3 more." {
		t.Errorf("%d, %q", len(asked.Fields), asked.Body)
	}
}

// A stack that somebody may not read is not on their Home, nor are its schedules.
func TestHomeHidesStacks(t *testing.T) {
	t.Parallel()
	w := busy(t)
	for who, want := range map[string][]string{"bob": {"web", "payments-prod"}, "vic": {"payments-prod"}} {
		all := w.home(w.person(who))
		var got []string
		for _, p := range all {
			if len(p.Card.Fields) > 0 && p.Card.Fields[0].Name == "Where" && p.Card.Tone != Waiting {
				got = append(got, p.Card.Title)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s reads %v, want %v", who, got, want)
		}
		scans := titled(all, "Next scans")[0].Card.Fields
		if len(scans) != len(want) || strings.Contains(fmt.Sprint(all), "secret") || who == "vic" && strings.Contains(fmt.Sprint(all), "nightly") {
			t.Errorf("%s: %v", who, scans)
		}
	}
	for name, since := range map[string]time.Duration{"web": 72 * time.Hour, "payments-prod": 24 * time.Hour} { // the oldest drift first
		w.open["payments-prod"] = []agent.Finding{{Stack: "payments-prod", Fingerprint: "p", Since: time.Now().Add(since - 96*time.Hour)}}
		var got []string
		for _, p := range w.home(w.person("bob")) {
			if p.Card.Tone == Bad {
				got = append(got, p.Card.Title)
			}
		}
		if len(got) != 2 || got[0] != name {
			t.Errorf("%v, want %s first", got, name)
		}
	}
	w.Upcoming, w.Inbox.Drifts = nil, nil
	if got := titles(w.home(w.person("vic"))); !slices.Equal(got, []string{"Waiting for you", "What you asked for", "Health"}) {
		t.Errorf("%q", got)
	}
}

// A Home that cannot be read says so, and the operator is told why.
func TestHomeThatCannotLook(t *testing.T) {
	t.Parallel()
	w := busy(t)
	w.down = errors.New("down")
	h, err := w.Home(t.Context(), "acme", w.person("bob"))
	if !errors.Is(err, w.down) || len(h.Cards) != 1 || h.Cards[0].Card.Title != "Not available just now" {
		t.Errorf("%+v, %v", h, err)
	}
}

func TestHomeHealth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, test := range map[string]struct {
		models        []ModelState
		age           time.Duration
		err           error
		status, queue string
		tone          Tone
	}{
		"well":          {[]ModelState{{Name: "m"}}, 0, nil, "well", "nothing waits", Good},
		"a little late": {nil, 2 * time.Second, nil, "well", "the oldest work has waited 2 s", Good},
		"a model rests": {[]ModelState{{Name: "m"}, {Name: "n", Open: true}}, 0, nil, "a model rests", "nothing waits", Waiting},
		"late":          {nil, 3 * time.Minute, nil, "work waits", "the oldest work has waited 3 min 0 s", Bad},
		"not read":      {nil, 0, errors.New("down"), "the queue could not be read", "could not be read", Bad},
	} {
		w.Models = func() []ModelState { return test.models }
		w.Oldest = func(context.Context, string) (time.Duration, error) { return test.age, test.err }
		c := titled(w.home(w.person("vic")), "Health")[0].Card
		if last := c.Fields[len(c.Fields)-1]; c.Status != test.status || c.Tone != test.tone || last.Value != test.queue || len(c.Fields) != 2+len(test.models) {
			t.Errorf("%s: %+v", name, c)
		}
	}
	w.Models, w.Oldest = nil, nil
	if c := titled(w.home(w.person("vic")), "Health")[0].Card; !slices.Equal(c.Fields, []Field{{"Database", "answers"}}) {
		t.Errorf("%+v", c)
	}
}
