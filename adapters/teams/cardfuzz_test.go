package teams

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"interlock/bot"
)

// cardRandom makes a card of any shape, in which every text may be hostile.
type cardRandom struct {
	*rand.Rand
	evil string
}

func (r cardRandom) text(most int) string {
	pieces := []string{
		r.evil, cardEvil, "a", " ", "\n", "\u4e16", "\U0001f525", "&", "<", "word ", "`", "*", "**", "| a | b |\n|---|---|\n", "- ", "```\n", "\xff",
		"\ue0f0170|1\ue0f1", "\ue0f0", `"`, `\`, "{", "{{", "\ue0f09999999999999|1\ue0f1",
	}
	var b strings.Builder
	for n := r.IntN(most + 1); b.Len() < n; {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

func (r cardRandom) size(of ...int) int { return of[r.IntN(len(of))] }

func (r cardRandom) card() bot.Card {
	c := bot.Card{
		Title: r.text(r.size(0, 40, 400)), Status: r.text(r.size(0, 40, 900)), Body: r.text(r.size(0, 100, 5000)), Prose: r.text(r.size(0, 500, 40_000)),
		Next: r.text(r.size(0, 200, 3000)), Footer: r.text(r.size(0, 60, 2000)), Fallback: r.text(r.size(0, 200, 9000)), Draft: r.text(r.size(0, 900)),
		Tone: []bot.Tone{bot.Neutral, bot.Waiting, bot.Good, bot.Bad, "other"}[r.IntN(5)],
	}
	for range r.size(0, 3, 12, 90) {
		c.Fields = append(c.Fields, bot.Field{Name: r.text(r.size(10, 300)), Value: r.text(r.size(20, 100, 4000))})
	}
	for range r.size(0, 5, 26, 90) {
		c.Lines = append(c.Lines, bot.Line{Action: r.text(20), Resource: r.text(60), Attribute: r.text(40), Before: r.text(300), After: r.text(300)})
	}
	verbs := []string{"answer", "approve", "deny", "plan", "back", "glass"}
	for i := range r.size(0, 2, 5, 25) {
		c.Buttons = append(c.Buttons, bot.Button{
			Label: fmt.Sprintf("Button %d", i), Verb: verbs[r.IntN(len(verbs))], Value: fmt.Sprintf("HOLD%d.%s", i, strings.Repeat("v", r.IntN(40))),
			Style: bot.Style(r.text(9)), Opens: r.IntN(3) == 0,
		})
	}
	return c
}

func (r cardRandom) view() view {
	v := view{At: cardSpot, Everyone: r.IntN(2) == 0}
	for i := range r.size(0, 3, 90) {
		v.Refresh = append(v.Refresh, fmt.Sprintf("29:%d%s", i, strings.Repeat("x", r.IntN(120))))
	}
	return v
}

// cardHolds tells that Teams takes a drawing, and that each button is there.
func cardHolds(t *testing.T, c bot.Card, v view, d drawing) {
	t.Helper()
	for _, wrong := range cardChecked(t, d.Card) {
		if wrong != "body is empty" {
			t.Error(wrong)
		}
	}
	if len(d.Summary) > mostSummary+3 {
		t.Errorf("a summary of %d bytes", len(d.Summary))
	}
	if got, want := cardPresses(t, d.Card), cardButtons(c, v); !reflect.DeepEqual(got, want) {
		t.Errorf("buttons %v, want %v", got, want)
	}
}

// cardButtons are the presses that a card is to have in a view.
func cardButtons(c bot.Card, v view) (all []press) {
	asks := ""
	for _, b := range c.Buttons {
		p := press{Verb: b.Verb, Value: b.Value, Label: b.Label, At: v.At}
		if strings.Contains(" approve deny glass back ", " "+b.Verb+" ") && v.Everyone {
			if asks != "" {
				continue
			}
			asks = "yes"
			p.Verb, p.Label = viewVerb, "Decide"
		}
		p.Nonce = nonce(imprint(c), p.Verb, p.Value)
		all = append(all, p)
	}
	return all
}

// cardPresses presses every button, and those for old clients, too.
func cardPresses(t testing.TB, card json.RawMessage) (all []press) {
	t.Helper()
	var top struct {
		Body []struct{ Actions []json.RawMessage }
	}
	if err := json.Unmarshal(card, &top); err != nil {
		t.Fatal(err)
	}
	for _, e := range top.Body {
		for _, raw := range e.Actions {
			var a struct {
				Type, Verb string
				Data       json.RawMessage
				Fallback   *struct {
					Type string
					Data json.RawMessage
				}
			}
			if err := json.Unmarshal(raw, &a); err != nil {
				t.Fatal(err)
			}
			if a.Type == "Action.ToggleVisibility" {
				continue
			}
			p, ok := pressed(a.Data, "")
			if !ok || a.Type == execute && a.Verb != p.Verb {
				t.Errorf("%s is not ours", raw)
			}
			if f := a.Fallback; f != nil && (f.Type != submit || string(f.Data) != string(a.Data)) {
				t.Errorf("an old client sends something else: %s", raw)
			}
			all = append(all, p)
		}
	}
	return all
}

// Whatever a card holds, Teams takes it, nobody is called by it, and it can be decided.
func TestCardKeepsLimits(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		r := cardRandom{rand.New(rand.NewPCG(seed, 1)), cardEvil}
		c, v := r.card(), r.view()
		cardHolds(t, c, v, draw(c, v))
		cardHolds(t, c, v, note(r.text(r.size(0, 300, 9000)), &c, v))
		for _, wrong := range cardChecked(t, dialog(c, r.text(20)+"x", r.text(r.size(40, 1000)), cardSpot)) {
			if wrong != "Action.Submit without data" { // a value that is too long is not carried
				t.Error(wrong)
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzDraw(f *testing.F) {
	f.Add(uint64(1), cardEvil)
	f.Add(uint64(2), cardProse)
	f.Fuzz(func(t *testing.T, seed uint64, evil string) {
		r := cardRandom{rand.New(rand.NewPCG(seed, 2)), evil}
		c, v := r.card(), r.view()
		cardHolds(t, c, v, draw(c, v))
	})
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{
		"", cardProse, cardEvil, "**a `b** c`", "| a |\n|---|", "|\n|-|\n|", "```", "```\n", "- ", "- a\n-", "1. a\n- b\n  - c", "# h #", "****", "[]()", "![a](b)", "> a\n> b", "---\n***", "a\n|b|\n|-|", "- {{{{", "`{`{",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a := sheet("f")
		a.Body = append(markdown(s), rich(runs("end", look{}))...)
		for _, wrong := range cardChecked(t, encoded(a)) {
			if !strings.Contains(wrong, "in UTF-16") { // to cut is the layout's part
				t.Errorf("%q: %s", s, wrong)
			}
		}
	})
}

func FuzzPressed(f *testing.F) {
	f.Add(`{"v":"approve","x":"HOLD.7f3a-91c2","l":"Approve","n":"abc","a":{"c":"19:x","t":"1"},"typed":"why"}`)
	f.Add(`{"v":"","n":"a"}`)
	f.Add(`{"v":"approve"}`)
	f.Add(`{"v":1,"n":"a"}`)
	f.Add(`[]`)
	f.Add(`{"v":"plan","n":"a","msteams":{"type":"task/fetch"}}`)
	f.Fuzz(func(t *testing.T, data string) {
		p, ok := pressed(json.RawMessage(data), "")
		if !ok {
			if p != (press{}) {
				t.Fatalf("%q: %+v", data, p)
			}
			return
		}
		if p.Verb == "" || p.Nonce == "" {
			t.Fatalf("%q: %+v", data, p)
		}
		again, ok := pressed(encoded(carried{Verb: p.Verb, Value: p.Value, Label: p.Label, Nonce: p.Nonce, At: p.At, Typed: p.Typed}), "")
		if !ok || again != p {
			t.Fatalf("%+v became %+v", p, again)
		}
	})
}
