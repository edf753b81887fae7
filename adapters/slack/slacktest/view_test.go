package slacktest

import (
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

// modal is a view with a text, a select and a button.
func modal(title string) slack.ModalViewRequest {
	text := func(s string) *slack.TextBlockObject { return slack.NewTextBlockObject("plain_text", s, false, false) }
	why := slack.NewInputBlock("reason", text("Why"), nil, slack.NewPlainTextInputBlockElement(text("..."), "why"))
	pick := slack.NewInputBlock("scope", text("What"), nil, slack.NewOptionsSelectBlockElement("static_select", text("?"), "what",
		slack.NewOptionBlockObject("web", text("Web"), nil)))
	pick.Optional = true
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: text(title), Submit: text("Send"), CallbackID: "freeze", PrivateMetadata: "7", NotifyOnClose: true,
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			why, pick, slack.NewActionBlock("row", slack.NewButtonBlockElement("more", "", text("More"))),
		}},
	}
}

// trigger clicks for a trigger_id.
func (a *app) trigger(ts string) string {
	a.t.Helper()
	if o := a.server.Click("U1", "C1", ts, "go"); !o.OK {
		a.t.Fatal(o.Err)
	}
	return a.callback().TriggerID
}

func TestModal(t *testing.T) {
	for name, c := range map[string]struct {
		answer  string
		open    string // the title on top afterwards
		errors  bool
		problem []string
	}{
		"closed":       {"", "", false, nil},
		"closed by {}": {"{}", "", false, nil},
		"errors":       {`{"response_action":"errors","errors":{"reason":"too short"}}`, "One", true, nil},
		"wrong errors": {`{"response_action":"errors","errors":{"row":"no input"}}`, "One", true, []string{"bad_answer"}},
		"update":       {`{"response_action":"update","view":{"type":"modal","title":{"type":"plain_text","text":"Two"},"blocks":[]}}`, "Two", false, nil},
		"push":         {`{"response_action":"push","view":{"type":"modal","title":{"type":"plain_text","text":"Two"},"blocks":[]}}`, "Two", false, nil},
		"bad view":     {`{"response_action":"update","view":{"type":"modal","blocks":[]}}`, "One", false, []string{"bad_answer", "bad_blocks"}},
		"clear":        {`{"response_action":"clear"}`, "", false, nil},
		"no JSON":      {`ok`, "One", false, []string{"bad_answer"}},
		"no action":    {`{"response_action":"shut"}`, "One", false, []string{"bad_answer"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, api, a := opened(t, c.answer)
			if _, err := api.OpenViewContext(t.Context(), a.trigger(card(t, api)), modal("One")); err != nil {
				t.Fatal(err)
			}
			v, ok := s.Modal("U1")
			if !ok || v.Title != "One" || v.PrivateMetadata != "7" || len(v.Buttons()) != 1 {
				t.Fatalf("modal: %+v", v)
			}
			o := s.Submit("U1", v.ID, map[string][]string{"why": {"because"}, "scope": {"web"}})
			if !o.OK || (len(o.Errors) > 0) != c.errors {
				t.Errorf("outcome: %+v", o)
			}
			got := a.callback()
			if got.Type != slack.InteractionTypeViewSubmission || got.View.CallbackID != "freeze" || got.View.PrivateMetadata != "7" ||
				got.View.State.Values["reason"]["why"].Value != "because" || got.View.State.Values["scope"]["what"].SelectedOption.Value != "web" {
				t.Errorf("submitted: %+v", got.View)
			}
			top, _ := s.Modal("U1")
			if top.Title != c.open {
				t.Errorf("open afterwards: %q, want %q", top.Title, c.open)
			}
			forgive(t, s, c.problem...)
		})
	}
}

func TestViews(t *testing.T) {
	s, api, a := opened(t, "")
	ctx, ts := t.Context(), card(t, api)
	trigger := a.trigger(ts)
	resp, err := api.OpenViewContext(ctx, trigger, modal("One"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := api.OpenViewContext(ctx, trigger, modal("One")); err == nil || err.Error() != "exchanged_trigger_id" {
		t.Errorf("a trigger was used twice: %v", err)
	}
	if o := s.ClickView("U1", resp.ID, "more"); !o.OK {
		t.Fatal(o.Err)
	}
	c := a.callback()
	if c.View.ID != resp.ID || c.Container.ViewID != resp.ID || c.Container.Type != "view" {
		t.Errorf("callback: %+v", c)
	}
	if _, err := api.PushViewContext(ctx, c.TriggerID, modal("Two")); err != nil {
		t.Fatal(err)
	}
	if v, _ := s.Modal("U1"); v.Title != "Two" || v.Root != resp.ID || v.Previous != resp.ID {
		t.Errorf("pushed: %+v", v)
	}
	if _, err := api.UpdateViewContext(ctx, modal("Three"), "", "wrong", resp.ID); err == nil || err.Error() != "hash_conflict" {
		t.Errorf("a wrong hash was taken: %v", err)
	}
	if _, err := api.UpdateViewContext(ctx, modal("Three"), "", resp.Hash, resp.ID); err != nil {
		t.Fatal(err)
	}
	v, _ := s.Modal("U1")
	if o := s.CloseView("U1", v.ID); !o.OK || a.callback().Type != slack.InteractionTypeViewClosed {
		t.Errorf("closed: %+v", o)
	}
	if v, _ := s.Modal("U1"); v.Title != "Three" {
		t.Errorf("below it: %+v", v)
	}
	home := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: modal("").Blocks}
	if _, err := api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: "U2", View: home}); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Home("U1"); ok {
		t.Error("a home tab that nobody published")
	}
	h, ok := s.Home("U2")
	if o := s.ClickView("U2", h.ID, "More"); !ok || !o.OK || a.callback().View.Type != slack.VTHomeTab {
		t.Errorf("home: %+v", o)
	}
}

func TestTriggerExpires(t *testing.T) {
	s, api := start(t, Options{Patience: 300 * time.Millisecond, Unlimited: true})
	a := listen(t, s, nil)
	trigger := a.trigger(card(t, api))
	for began := time.Now(); code(t, s, "views.open", `{"trigger_id":"`+trigger+`","view":"no view"}`) != "expired_trigger_id"; {
		if time.Since(began) > 10*time.Second {
			t.Fatal("the trigger does not expire")
		}
	}
	if _, err := api.OpenViewContext(t.Context(), trigger, modal("One")); err == nil || err.Error() != "expired_trigger_id" {
		t.Errorf("an old trigger: %v", err)
	}
	if _, err := api.OpenViewContext(t.Context(), "x", modal("One")); err == nil || err.Error() != "invalid_trigger_id" {
		t.Errorf("an invented trigger: %v", err)
	}
}

func TestBadViews(t *testing.T) {
	s, api, a := opened(t, "")
	trigger := a.trigger(card(t, api))
	for name, spoil := range map[string]func(*slack.ModalViewRequest){
		"title":            func(v *slack.ModalViewRequest) { v.Title.Text = strings.Repeat("x", 25) },
		"no title":         func(v *slack.ModalViewRequest) { v.Title = nil },
		"submit":           func(v *slack.ModalViewRequest) { v.Submit.Text = strings.Repeat("x", 25) },
		"no submit":        func(v *slack.ModalViewRequest) { v.Submit = nil },
		"private_metadata": func(v *slack.ModalViewRequest) { v.PrivateMetadata = strings.Repeat("x", 3001) },
		"markdown": func(v *slack.ModalViewRequest) {
			v.Blocks.BlockSet = append(v.Blocks.BlockSet, slack.NewMarkdownBlock("", "x"))
		},
		"blocks": func(v *slack.ModalViewRequest) {
			for range 98 {
				v.Blocks.BlockSet = append(v.Blocks.BlockSet, slack.NewDividerBlock())
			}
		},
	} {
		v := modal("One")
		spoil(&v)
		if _, err := api.OpenViewContext(t.Context(), trigger, v); err == nil || err.Error() != "invalid_arguments" {
			t.Errorf("%s: %v", name, err)
		}
		forgive(t, s, "bad_blocks")
	}
	if _, err := api.OpenViewContext(t.Context(), trigger, modal("One")); err != nil {
		t.Error(err)
	}
}
