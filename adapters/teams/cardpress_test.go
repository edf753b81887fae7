package teams

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"interlock/bot"
)

// Every button of every card comes back as it was, in every view.
func TestCardPressed(t *testing.T) {
	t.Parallel()
	for name, c := range cardAll(t) {
		if name == "hostile" || strings.HasPrefix(name, "modal-") {
			continue
		}
		for _, v := range []view{cardDecider, cardPublic} {
			if got, want := cardPresses(t, draw(c, v).Card), cardButtons(c, v); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v, want %+v", name, got, want)
			}
		}
	}
	for _, data := range []string{``, `null`, `"approve"`, `{"v":"approve"}`, `{"n":"a"}`, `{"v":"approve","n":"a","typed":1}`, `{"v":"a","n":"b"} x`} {
		if p, ok := pressed(json.RawMessage(data), ""); ok || p != (press{}) {
			t.Errorf("%s is %+v", data, p)
		}
	}
}

// A dialog is opened for exactly those buttons that open something.
func TestCardOpens(t *testing.T) {
	t.Parallel()
	for _, opens := range []bool{true, false} {
		c := bot.Card{Title: "a", Buttons: []bot.Button{{Label: "b", Verb: "plan", Value: "c", Opens: opens}}}
		got := string(draw(c, cardDecider).Card)
		if strings.Contains(got, `"msteams":{"type":"task/fetch"}`) != opens || strings.Contains(got, execute) == opens {
			t.Errorf("opens %v: %s", opens, got)
		}
	}
}

// Who may not decide has no button to decide with, only one to ask.
func TestCardForEveryone(t *testing.T) {
	t.Parallel()
	decided := 0
	for name, c := range cardAll(t) {
		verbs := map[string]int{}
		for _, p := range cardPresses(t, draw(c, cardPublic).Card) {
			verbs[p.Verb]++
		}
		had := slices.ContainsFunc(c.Buttons, func(b bot.Button) bool { return decides(b) })
		if verbs["approve"]+verbs["deny"]+verbs["glass"]+verbs["back"] > 0 || (verbs[viewVerb] == 1) != had {
			t.Errorf("%s: %v", name, verbs)
		}
		if had {
			decided++
		}
		if strings.Contains(string(draw(c, cardPublic).Card), `"refresh"`) != had {
			t.Errorf("%s: a client may ask: %v", name, !had)
		}
	}
	if decided < 10 {
		t.Errorf("only %d cards can be decided", decided)
	}
}

// At most 60 people's clients ask by themselves, as far as there is room.
func TestCardRefresh(t *testing.T) {
	t.Parallel()
	c := cardAll(t)["approval-open"]
	for _, x := range []struct{ people, long, want int }{{1, 40, 1}, {61, 40, 60}, {90, 90, 60}, {60, 400, 15}, {1, mostRefresh, 0}} {
		v := view{At: cardSpot, Everyone: true}
		for i := range x.people {
			v.Refresh = append(v.Refresh, fmt.Sprintf("29:%03d%s", i, strings.Repeat("x", x.long-6)))
		}
		var top struct {
			Refresh struct {
				Action struct {
					Verb string
					Data json.RawMessage
				}
				UserIDs []string
			}
		}
		if err := json.Unmarshal(draw(c, v).Card, &top); err != nil {
			t.Fatal(err)
		}
		if r := top.Refresh; len(r.UserIDs) != x.want {
			t.Errorf("%+v: %d people", x, len(r.UserIDs))
		} else if p, ok := pressed(r.Action.Data, ""); ok != (x.want > 0) || ok && (p.Verb != viewVerb || p.Value != c.Buttons[0].Value || p.At != cardSpot) {
			t.Errorf("%+v: %+v", x, p)
		}
	}
}

// The nonce is the button's and the card's, and nothing else's.
func TestCardNonce(t *testing.T) {
	t.Parallel()
	c := cardAll(t)["approval-open"]
	nonces := func(c bot.Card, v view) (all []string) {
		for _, p := range cardPresses(t, draw(c, v).Card) {
			all = append(all, p.Nonce)
		}
		return all
	}
	one := nonces(c, cardDecider)
	if slices.Sort(one); len(slices.Compact(slices.Clone(one))) != len(c.Buttons) {
		t.Errorf("two buttons are one: %v", one)
	}
	same := c
	same.Marker = "other"
	two := nonces(same, view{At: spot{Conversation: "elsewhere", Thread: ""}})
	if slices.Sort(two); !slices.Equal(one, two) {
		t.Errorf("%v is not %v", one, two)
	}
	moved := c
	moved.Status = "waiting, 1 of 1 approvals"
	for _, n := range nonces(moved, cardDecider) {
		if slices.Contains(one, n) {
			t.Errorf("%s is of both states", n)
		}
	}
}

func TestCardButtonRows(t *testing.T) {
	t.Parallel()
	var rows [][]string
	c := bot.Card{Title: "Which?"}
	for _, label := range []string{"Approve", "Decline", "Show plan", "Who may approve", "Take back", "Break glass", strings.Repeat("long ", 20)} {
		c.Buttons = append(c.Buttons, bot.Button{Label: label, Verb: "v", Value: label})
	}
	c.Buttons = append(c.Buttons, bot.Button{Label: "never", Verb: "v", Value: strings.Repeat("v", mostData)})
	d := draw(c, cardDecider)
	var a adaptive
	if err := json.Unmarshal(d.Card, &a); err != nil {
		t.Fatal(err)
	}
	for _, e := range a.Body {
		var row []string
		for _, b := range e.Actions {
			row = append(row, b.Title)
		}
		if row != nil {
			rows = append(rows, row)
		}
	}
	want := [][]string{{"Approve", "Decline", "Show plan"}, {"Who may approve", "Take back"}, {"Break glass"}, {"long long long long long long long long…"}}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("%q", rows)
	}
	if seen := cardSeen(t, d.Card); !strings.Contains(seen, "Button 7: "+strings.TrimSpace(strings.Repeat("long ", 20))) || !strings.Contains(seen, "and 1 more buttons") || d.Rest == "" {
		t.Error(seen)
	}
}

// Where there is no room for both, the button stays and what old clients need goes.
func TestCardManyButtons(t *testing.T) {
	t.Parallel()
	for n, fallbacks := range map[int]int{6: 6, 30: 0} {
		var c bot.Card
		for i := range n {
			c.Buttons = append(c.Buttons, bot.Button{Label: fmt.Sprint(i), Verb: "answer", Value: strings.Repeat("v", 60)})
		}
		got := string(draw(c, cardDecider).Card)
		if len(cardPresses(t, json.RawMessage(got))) != n || strings.Count(got, "fallback\"") != fallbacks {
			t.Errorf("%d buttons: %s", n, got)
		}
	}
}

func TestCardDialog(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		card  bot.Card
		label string
		lines bool
	}{
		{bot.Card{Title: "Why not?"}, "Your reason", true},
		{bot.Card{Next: "Type payments-prod"}, "Type payments-prod", false},
		{bot.Card{Next: "Type payments-prod and a reason", Draft: strings.Repeat("é", 2*mostTyped)}, "Type payments-prod and a reason", true},
	} {
		var a adaptive
		card := dialog(x.card, "deny", "HOLD", cardSpot)
		if err := json.Unmarshal(card, &a); err != nil {
			t.Fatal(err)
		}
		field := a.Body[len(a.Body)-1]
		if field.Label != x.label || field.Multiline != x.lines || len([]rune(field.Value)) > mostTyped || !field.Required {
			t.Errorf("%+v", field)
		}
		data := a.Actions[0].Data
		data.Typed = "not on a Friday"
		p, ok := pressed(encoded(data), "")
		if want := (press{Verb: "deny", Value: "HOLD", Typed: "not on a Friday", Nonce: nonce(imprint(x.card), "deny", "HOLD"), At: cardSpot}); !ok || p != want {
			t.Errorf("%+v", p)
		}
	}
	if card := string(dialog(bot.Card{}, "deny", strings.Repeat("v", mostData), cardSpot)); strings.Contains(card, "vvv") {
		t.Error("a value that is too long is carried")
	}
}

// A note has words and buttons; both are in what a notification shows.
func TestCardNote(t *testing.T) {
	t.Parallel()
	c := bot.Card{Title: "Why", Fallback: "Why: denied", Buttons: []bot.Button{{Label: "Why?", Verb: "why", Value: "v", Opens: true}}}
	d := note("Refused: Vic may not.", &c, cardDecider)
	if d.Summary != "Refused: Vic may not.\nWhy: denied" || !strings.HasPrefix(strings.TrimSpace(cardSeen(t, d.Card)), "Refused: Vic may not.\n") || len(cardPresses(t, d.Card)) != 1 {
		t.Errorf("%q: %s", d.Summary, d.Card)
	}
	if d := note("Stopped.", nil, cardDecider); d.Summary != "Stopped." || strings.TrimSpace(cardSeen(t, d.Card)) != "Stopped." {
		t.Errorf("%+v", d)
	}
	if d := note("", &c, cardDecider); d.Summary != "Why: denied" {
		t.Errorf("%+v", d)
	}
}
