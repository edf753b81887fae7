package bot

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"interlock/rbac"
)

// No suggestion leads into a refusal: it names what the person may read there.
func TestPrompts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct {
		room string
		who  rbac.Actor
		want []string
	}{
		{"slack:C-ops", w.person("bob"), []string{"scan payments-prod", "plan payments-prod", whatWaits, "status"}},
		{"slack:C-lab", w.person("bob"), []string{"scan web", "plan web", whatWaits, "status"}},
		{"slack:C-lab", w.person("vic"), []string{whatWaits, "status", "help"}},
		{"slack:D-bob", w.person("bob"), []string{whatWaits, "status", "help"}},
		{"slack:C-ops", w.outsider, []string{"help"}},
		{"slack:C-ops", w.stranger, []string{"help"}},
	} {
		if got := w.Prompts(t.Context(), "acme", test.room, test.who); !slices.Equal(got, test.want) {
			t.Errorf("%s of %s: %v, want %v", test.room, test.who.ID, got, test.want)
		}
	}
	if name, _, ok := command(" What waits  for approval? "); !ok || name != "approvals" {
		t.Errorf("the suggestion is %q (%v)", name, ok)
	}
}

func TestOncall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := func(who rbac.Actor) Reply {
		r, err := w.Mention(t.Context(), Mention{ID: "m", Org: "acme", Thread: opsInSlack, Actor: who, Text: "oncall"})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := ask(w.person("vic")); r.Note == nil || r.Note.Fallback != "On call: No rota is configured yet. Say who can approve STACK: it names people who can decide." {
		t.Errorf("%+v", r)
	}
	w.Rota = func(context.Context, string) ([]Field, error) {
		return []Field{{"database", "Bob until " + clock(noon)}, {"network", "Carol"}}, nil
	}
	if r := ask(w.person("vic")); r.Note == nil || len(r.Note.Fields) != 2 || r.Note.Fallback != "On call: Bob until 12:00 UTC (database), Carol (network)" {
		t.Errorf("%+v", r.Note)
	}
	if r := ask(w.stranger); !strings.HasPrefix(r.Private, "Refused: ") {
		t.Errorf("%+v", r)
	}
	w.Rota = func(context.Context, string) ([]Field, error) { return nil, nil }
	if r := ask(w.person("vic")); r.Note.Body != "Nobody is on call just now." || r.Note.Fallback != "On call: nobody" {
		t.Errorf("%+v", r.Note)
	}
	down := errors.New("down")
	w.Rota = func(context.Context, string) ([]Field, error) { return nil, down }
	if _, err := w.Mention(t.Context(), Mention{ID: "m", Org: "acme", Thread: opsInSlack, Actor: w.person("vic"), Text: "oncall"}); !errors.Is(err, down) {
		t.Errorf("%v", err)
	}
	if !strings.Contains(helpCard().Fallback, " oncall") {
		t.Error("help does not list it")
	}
}

// Only administrators are offered a test, and only theirs is sent.
func TestSendATest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var sent []string
	w.Test = func(_ context.Context, org, id string, who rbac.Actor) ([]string, error) {
		sent = append(sent, org+" "+id+" "+who.Name)
		return []string{"you", "pager"}, nil
	}
	for who, may := range map[string]bool{"vic": false, "bob": false, "heidi": true} {
		by := w.person(who)
		r, err := w.Mention(t.Context(), Mention{ID: "m", Org: "acme", Thread: opsInSlack, Actor: by, Text: "oncall"})
		if err != nil {
			t.Fatal(err)
		}
		if offered := r.Note != nil && len(r.Note.Buttons) == 1 && r.Note.Buttons[0].Label == "Send a test"; offered != may {
			t.Errorf("%s is offered %+v", who, r.Note.Buttons)
		}
		sent = nil
		r, err = w.Click(t.Context(), Click{ID: "c", Org: "acme", Thread: opsInSlack, Actor: by, Verb: verbTest})
		want := "Not sent: only an administrator can."
		if may {
			want = "A test is on its way to you, pager. Where it cannot be delivered, the administrators are told."
		}
		if err != nil || r.Private != want || (len(sent) == 1) != may {
			t.Errorf("%s: %q, %v; sent %q", who, r.Private, err, sent)
		}
	}
	w.Test = func(context.Context, string, string, rbac.Actor) ([]string, error) { return nil, nil }
	if r, err := w.Click(t.Context(), Click{ID: "c", Org: "acme", Thread: opsInSlack, Actor: w.person("heidi"), Verb: verbTest}); err != nil || !strings.HasPrefix(r.Private, "Not sent: no service") {
		t.Errorf("%q, %v", r.Private, err)
	}
}
