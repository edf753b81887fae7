package console

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"interlock/agent"
	"interlock/bot"
)

// What is told to one person directly, they alone can see and press.
func TestADirectRoom(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	ref, err := r.Post(t.Context(), "acme", agent.Thread{Platform: Name, Channel: "@bob", ID: "~copy/1"}, approvalCard())
	if err != nil || ref.Thread.Channel != "@bob" {
		t.Fatalf("%+v, %v", ref, err)
	}
	path := place{"@bob", ref.Thread.ID}.path()
	b := r.browser(t)
	b.act("alice")
	for _, hidden := range []string{path, "/c/@bob", "/events?channel=%40bob", "/events?channel=%40bob&thread=" + ref.Thread.ID} {
		q := request(t, http.MethodGet, hidden, nil)
		q.Header.Set("Sec-Fetch-Site", "same-origin")
		if w := b.send(q); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), approvalCard().Title) {
			t.Errorf("alice sees %s: %d", hidden, w.Code)
		}
	}
	b.act("bob")
	page := b.page(path)
	want(t, page, approvalCard().Title, "For you alone")
	press := b.form(page, "/click", approvalCard().Buttons[0].Label)
	if w := b.post("/click", press); w.Code != http.StatusSeeOther {
		t.Errorf("bob presses: %d", w.Code)
	}
	b.act("alice")
	if w := b.post("/click", press); w.Code == http.StatusSeeOther {
		t.Errorf("alice presses bob's button: %d", w.Code)
	}
	if w := b.post("/c/@bob/say", b.form(b.page("/c/infra"), "/c/infra/say", "")); w.Code != http.StatusNotFound {
		t.Errorf("alice writes to bob's room: %d", w.Code)
	}
	done := approvalCard()
	done.Status = "taken"
	if err := r.Edit(t.Context(), "acme", ref, done); err != nil {
		t.Error(err)
	}
}

func TestADirectRoomOfNobody(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	_, err := r.Post(t.Context(), "acme", agent.Thread{Platform: Name, Channel: "@ghost", ID: "~copy/1"}, approvalCard())
	var pe *bot.PostError
	if !errors.As(err, &pe) || !pe.Refused || !pe.Permanent {
		t.Errorf("%v", err)
	}
}
