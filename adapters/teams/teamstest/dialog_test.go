package teamstest

import (
	"net/http"
	"strings"
	"testing"
)

// reason is the answer that opens a dialog.
func reason(title string) string {
	return `{"task":{"type":"continue","value":{"title":"` + title + `","card":{"contentType":"` + cardType + `","content":` +
		`{"type":"AdaptiveCard","version":"1.5","body":[{"type":"Input.Text","id":"reason","isRequired":true}],` +
		`"actions":[{"type":"Action.Submit","title":"Send","data":{"nonce":"8"}}]}}}}}`
}

// deny opens the dialog of the button Deny.
func (st *stage) deny() string {
	st.t.Helper()
	id := st.post(st.channel, text("", approval(st.ann.ID)))
	st.bot.says(http.StatusOK, reason("Deny"))
	if o := st.Click(st.bob.ObjectID, id, "Deny", nil); !o.OK() {
		st.t.Fatalf("deny: %+v", o)
	}
	return id
}

func TestDialog(t *testing.T) {
	st := start(t, Options{Unlimited: true})
	bob := st.bob.ObjectID
	for name, c := range map[string]struct {
		answer string
		title  string // of the dialog that is open afterwards
		notice string
		ok     bool
		rules  []string
	}{
		"closed":        {"", "", "", true, nil},
		"closed by {}":  {"{}", "", "", true, nil},
		"message":       {`{"task":{"type":"message","value":"denied"}}`, "", "denied", true, nil},
		"another one":   {reason("Again"), "Again", "", true, nil},
		"a page":        {`{"task":{"type":"continue","value":{"title":"Page","url":"https://example.com"}}}`, "Page", "", true, nil},
		"nothing in it": {`{"task":{"type":"continue","value":{}}}`, "Deny", "", false, []string{ruleAnswer}},
		"no such type":  {`{"task":{"type":"x"}}`, "Deny", "", false, []string{ruleAnswer}},
		"bad card":      {strings.Replace(reason("Again"), "Input.Text", "Input.Txt", 1), "Deny", "", false, []string{ruleCard}},
		"no JSON":       {"ok", "Deny", "", false, []string{ruleAnswer}},
	} {
		st.deny()
		if a := st.bot.last(t); a.text("name") != "task/fetch" || a.node("value").node("data").text("nonce") != "7" {
			t.Errorf("%s: fetch: %v", name, a)
		}
		st.bot.says(http.StatusOK, c.answer)
		o := st.Submit(bob, "Send", Inputs{"reason": "no"})
		a := st.bot.last(t)
		data := a.node("value").node("data")
		if a.text("name") != "task/submit" || data.text("reason") != "no" || data.text("nonce") != "8" {
			t.Errorf("%s: submit: %v", name, a)
		}
		d, open := st.Dialog(bob)
		if o.OK() != c.ok || o.Notice != c.notice || d.Title != c.title || open != (c.title != "") {
			t.Errorf("%s: %+v, then %+v", name, o, d)
		}
		st.forgive(c.rules...)
	}
}

func TestDialogFetch(t *testing.T) {
	st := start(t, Options{})
	id := st.deny()
	bob := st.bob.ObjectID
	if o := st.Submit(bob, "", nil); o.Error != "This is required: reason" {
		t.Errorf("without the reason: %+v", o)
	}
	st.CloseDialog(bob)
	if _, open := st.Dialog(bob); open {
		t.Error("it is open")
	}
	st.bot.says(http.StatusOK, "")
	if o := st.Click(bob, id, "Deny", nil); o.Error != wentWrong {
		t.Errorf("an empty answer to a fetch: %+v", o)
	}
	st.forgive(ruleAnswer)
	st.bot.says(http.StatusBadGateway, "")
	if o := st.Click(bob, id, "Deny", nil); o.Error != wentWrong {
		t.Errorf("502: %+v", o)
	}
}

func TestMessageAction(t *testing.T) {
	st := start(t, Options{})
	id := st.Say(st.channel, st.ann.ObjectID, "the disk is <full>")
	st.bot.says(http.StatusOK, reason("Ask"))
	if o := st.MessageAction(st.bob.ObjectID, id, "ask"); !o.OK() {
		t.Fatalf("outcome: %+v", o)
	}
	v := st.bot.last(t).node("value")
	m := v.node("messagePayload")
	if v.text("commandId") != "ask" || m.text("id") != id || !strings.Contains(m.node("body").text("content"), "&lt;full&gt;") ||
		m.node("from").node("user").text("id") != st.ann.ObjectID {
		t.Errorf("fetch: %v", v)
	}
	st.bot.says(http.StatusOK, "")
	if o := st.Submit(st.bob.ObjectID, "", Inputs{"reason": "look"}); !o.OK() {
		t.Errorf("submit: %+v", o)
	}
	a := st.bot.last(t)
	v = a.node("value")
	if a.text("name") != "composeExtension/submitAction" || v.node("data").text("reason") != "look" || v.node("messagePayload").text("id") != id {
		t.Errorf("submit: %v", a)
	}
	if _, open := st.Dialog(st.bob.ObjectID); open {
		t.Error("it is open")
	}
	mine := st.post(ThreadOf(st.channel, id), text("mine"))
	st.bot.says(http.StatusOK, `{"task":{"type":"message","value":"a"}}`)
	st.MessageAction(st.bob.ObjectID, mine, "ask")
	m = st.bot.last(t).node("value").node("messagePayload")
	if m.node("from").node("application").text("id") != st.Options().AppID || m.text("replyToId") != id {
		t.Errorf("about the bot's own: %v", m)
	}
}
