package teamstest

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// approval is a card for everybody, whose refresh is for some.
func approval(users ...string) string {
	return `{"type":"AdaptiveCard","version":"1.5",
"refresh":{"action":{"type":"Action.Execute","verb":"look","data":{"nonce":"7"}},"userIds":["` + strings.Join(users, `","`) + `"]},
"body":[{"type":"TextBlock","text":"Apply?"},{"type":"Input.Text","id":"why","value":"none","isRequired":true,"errorMessage":"Say why."},
{"type":"Input.Toggle","id":"sure","title":"Sure"}],
"actions":[{"type":"Action.Execute","title":"Approve","verb":"approve","id":"yes","data":{"nonce":"7"}},
{"type":"Action.Execute","title":"Look","verb":"look","associatedInputs":"none"},
{"type":"Action.Submit","title":"Old","data":{"nonce":"7"}},
{"type":"Action.Submit","title":"Deny","data":{"msteams":{"type":"task/fetch"},"nonce":"7"}},
{"type":"Action.Execute","title":"Off","verb":"off","isEnabled":false},
{"type":"Action.OpenUrl","title":"Web","url":"https://example.com"}]}`
}

// plain is a card with a text and no buttons, as the value of an answer.
func plain(text string) string {
	return `{"type":"AdaptiveCard","version":"1.5","body":[{"type":"TextBlock","text":"` + text + `"}]}`
}

func answer(kind, value string) string {
	return `{"statusCode":200,"type":"` + kind + `","value":` + value + `}`
}

func TestExecute(t *testing.T) {
	st := start(t, Options{})
	id := st.post(st.channel, text("", approval(st.ann.ID)))
	st.bot.says(http.StatusOK, answer(cardType, plain("yours")))
	o := st.Click(st.bob.ObjectID, id, "Approve", Inputs{"why": "tested"})
	if !o.OK() || o.Status != http.StatusOK {
		t.Fatalf("outcome: %+v", o)
	}
	a := st.bot.last(t)
	does := a.node("value").node("action")
	data := does.node("data")
	if a.text("name") != "adaptiveCard/action" || a.text("replyToId") != id || a.text("id") != o.Delivery ||
		a.node("value").text("trigger") != "manual" || a.node("conversation").text("id") != ThreadOf(st.channel, id) {
		t.Errorf("invoke: %v", a)
	}
	if does.text("verb") != "approve" || does.text("id") != "yes" || data.text("nonce") != "7" || data.text("why") != "tested" || data.text("sure") != "false" {
		t.Errorf("action: %v", does)
	}
	if v := st.View(st.bob.ObjectID, id); !v.Own || !strings.Contains(string(v.Cards[0]), "yours") || len(v.Buttons) != 0 {
		t.Errorf("Bob sees %+v", v)
	}
	if v := st.View(st.guest.ObjectID, id); v.Own || !slices.Contains(v.Buttons, "Approve") {
		t.Errorf("somebody else sees %+v", v)
	}
	st.call("PUT", "conversations/"+st.channel+"/activities/"+id, text("", plain("for all")))
	if v := st.View(st.bob.ObjectID, id); v.Own || !strings.Contains(string(v.Cards[0]), "for all") {
		t.Errorf("after the edit Bob sees %+v", v)
	}
}

// The client of somebody whom the card names asks once for each state of it.
func TestRefresh(t *testing.T) {
	st := start(t, Options{})
	id := st.post(st.channel, text("", approval(st.ann.ID)))
	st.bot.says(http.StatusOK, answer(cardType, plain("for Ann")))
	for range 2 {
		if v := st.View(st.bob.ObjectID, id); v.Own || len(st.Deliveries()) != 0 {
			t.Errorf("Bob sees %+v", v)
		}
	}
	for range 2 {
		if v := st.View(st.ann.ObjectID, id); !v.Own || !strings.Contains(string(v.Cards[0]), "for Ann") || len(st.Deliveries()) != 1 {
			t.Errorf("Ann sees %+v", v)
		}
	}
	a := st.bot.last(t).node("value")
	if a.text("trigger") != "automatic" || a.node("action").text("verb") != "look" || a.node("action").node("data").text("nonce") != "7" {
		t.Errorf("refresh: %v", a)
	}
	everybody := strings.Replace(approval(st.ann.ID), `,"userIds":["`+st.ann.ID+`"]`, "", 1)
	st.call("PUT", "conversations/"+st.channel+"/activities/"+id, text("", everybody))
	st.bot.says(http.StatusOK, answer(noticeType, `""`))
	if v := st.View(st.guest.ObjectID, id); v.Own || v.Notice != "" || v.Error != "" || len(st.Deliveries()) != 2 {
		t.Errorf("after a refresh without news somebody sees %+v", v)
	}
	st.bot.says(http.StatusInternalServerError, "")
	for range 2 {
		if v := st.View(st.bob.ObjectID, id); v.Own || v.Error != "" || len(st.Deliveries()) != 3 {
			t.Errorf("after a refresh that failed Bob sees %+v", v)
		}
	}
}

func TestAnswers(t *testing.T) {
	st := start(t, Options{Unlimited: true})
	for name, c := range map[string]struct {
		status int
		answer string
		notice string
		fault  string
		rules  []string
	}{
		"card":         {200, answer(cardType, plain("a")), "", "", nil},
		"notice":       {200, answer(noticeType, `"not you"`), "not you", "", nil},
		"stale":        {200, `{"statusCode":412,"type":"` + staleType + `","value":{"code":"stale","message":"too late"}}`, "", "too late", nil},
		"error":        {200, `{"statusCode":500,"type":"` + errorType + `","value":{}}`, "", wentWrong, nil},
		"bare 200":     {200, "", "", wentWrong, []string{ruleAnswer}},
		"no type":      {200, `{"statusCode":200}`, "", wentWrong, []string{ruleAnswer}},
		"no status":    {200, `{"type":"` + noticeType + `","value":"a"}`, "", wentWrong, []string{ruleAnswer}},
		"empty notice": {200, answer(noticeType, `""`), "", wentWrong, []string{ruleAnswer}},
		"bad card":     {200, answer(cardType, `{}`), "", wentWrong, []string{ruleCard}},
		"500":          {500, answer(noticeType, `"a"`), "", wentWrong, nil},
	} {
		id := st.post(st.channel, text("", approval(st.ann.ID)))
		st.bot.says(c.status, c.answer)
		o := st.Click(st.bob.ObjectID, id, "yes", nil)
		v := st.View(st.bob.ObjectID, id)
		if o.Notice != c.notice || o.Error != c.fault || v.Notice != c.notice || v.Error != c.fault {
			t.Errorf("%s: %+v; Bob sees %+v", name, o, v)
		}
		st.forgive(c.rules...)
	}
}

func TestLateAnswer(t *testing.T) {
	st := start(t, Options{Patience: 20 * time.Millisecond})
	st.bot.held = make(chan struct{})
	id := st.post(st.channel, text("", approval(st.ann.ID)))
	o := st.Click(st.bob.ObjectID, id, "Approve", nil)
	if o.OK() || o.Error != wentWrong || o.Status != 0 {
		t.Errorf("outcome: %+v", o)
	}
	if v := st.View(st.bob.ObjectID, id); v.Error != wentWrong {
		t.Errorf("Bob sees %+v", v)
	}
	if d := st.Deliveries()[0]; len(d.Attempts) != 1 || !d.GaveUp {
		t.Errorf("an invoke is not sent again: %s", d)
	}
}

func TestSubmitByMessage(t *testing.T) {
	st := start(t, Options{})
	id := st.post(st.channel, text("", approval(st.ann.ID)))
	if o := st.Click(st.bob.ObjectID, id, "Old", Inputs{"why": "because"}); !o.OK() {
		t.Errorf("outcome: %+v", o)
	}
	a := st.told(1)
	if a.text("type") != "message" || a.text("replyToId") != id || a.node("value").text("nonce") != "7" || a.node("value").text("why") != "because" || a["text"] != nil {
		t.Errorf("message: %v", a)
	}
}

// What the client does not send.
func TestNotSent(t *testing.T) {
	st := start(t, Options{})
	id := st.post(st.channel, text("", approval(st.ann.ID)))
	for name, c := range map[string]struct {
		button string
		in     Inputs
		fault  string
		rules  []string
	}{
		"required": {"Approve", Inputs{"why": ""}, "Say why.", nil},
		"disabled": {"Off", nil, "The button is disabled.", nil},
		"a link":   {"Web", nil, "misuse", []string{ruleMisuse}},
	} {
		if o := st.Click(st.bob.ObjectID, id, c.button, c.in); o.OK() || o.Error != c.fault {
			t.Errorf("%s: %+v", name, o)
		}
		st.forgive(c.rules...)
	}
	st.bot.says(http.StatusOK, answer(noticeType, `"a"`))
	st.Click(st.bob.ObjectID, id, "Approve", Inputs{"what": "x"})
	st.forgive(ruleMisuse)
	st.Click(st.bob.ObjectID, id, "Look", nil)
	if data := st.bot.last(t).node("value").node("action").node("data"); len(data) != 0 {
		t.Errorf("inputs went with an action that takes none: %v", data)
	}
}

func TestRepeatedClick(t *testing.T) {
	st := start(t, Options{})
	st.bot.says(http.StatusOK, answer(noticeType, `"a"`))
	id := st.post(st.channel, text("", approval(st.ann.ID)))
	first := st.Click(st.bob.ObjectID, id, "Approve", nil).Delivery
	second := st.Repeat(first)
	st.told(2)
	d := st.Deliveries()
	one, two := parse(d[0].Payload), parse(d[1].Payload)
	if one.text("id") != first || two.text("id") != second || first == second || d[1].Name != "adaptiveCard/action" || d[1].Conversation != d[0].Conversation {
		t.Errorf("deliveries: %v", d)
	}
	if string(encode(one["value"])) != string(encode(two["value"])) {
		t.Errorf("values differ: %v, %v", one, two)
	}
}
