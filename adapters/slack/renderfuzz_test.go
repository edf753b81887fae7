package slack

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"interlock/bot"
)

// renderRandom makes a card of any shape, in which every text may be hostile.
type renderRandom struct {
	*rand.Rand
	evil string
}

func (r renderRandom) text(most int) string {
	pieces := []string{r.evil, renderEvil, "a", " ", "\n", "\u4e16", "\U0001f525", "&", "<", "word ", "`", "*", "**", "| a | b |\n|---|---|\n", "- ", "```\n", "\xff", "\ue0f0170|1\ue0f1", "\ue0f0", `"`, `\`}
	var b strings.Builder
	for n := r.IntN(most + 1); b.Len() < n; {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

func (r renderRandom) size(of ...int) int { return of[r.IntN(len(of))] }

func (r renderRandom) card() bot.Card {
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
	for i := range r.size(0, 2, 5, 25) {
		c.Buttons = append(c.Buttons, bot.Button{Label: fmt.Sprintf("Button %d", i), Verb: "answer", Value: fmt.Sprintf("HOLD%d.%s", i, strings.Repeat("v", r.IntN(40))), Style: bot.Style(r.text(9))})
	}
	return c
}

func renderHolds(t *testing.T, c bot.Card) {
	t.Helper()
	d := draw(c)
	for _, wrong := range renderChecked(t, renderJSON(t, renderMessage(d))) {
		t.Error(wrong)
	}
	if n := len(renderCompact(t, d.Blocks)) + 125*len(d.Blocks); n > 13_200 {
		t.Errorf("a message of %d bytes", n)
	}
	renderPresses(t, c.Buttons, d.Blocks)
}

// renderCompact is how blocks travel.
func renderCompact(t *testing.T, blocks []slack.Block) string {
	t.Helper()
	b, err := json.Marshal(blocks)
	if err != nil {
		t.Fatal(err)
	}
	return unescapedJSON.Replace(string(b))
}

// renderPresses presses every button that was drawn and expects each of the card.
func renderPresses(t *testing.T, want []bot.Button, blocks []slack.Block) {
	t.Helper()
	var got []bot.Button
	for _, b := range blocks {
		row, ok := b.(*slack.ActionBlock)
		if !ok {
			continue
		}
		for _, e := range row.Elements.ElementSet {
			e := e.(*slack.ButtonBlockElement)
			a := slack.BlockAction{ActionID: e.ActionID, Value: e.Value}
			verb, value, ok := pressed(&a)
			if !ok {
				t.Errorf("%q is not ours", e.Value)
			}
			got = append(got, bot.Button{Label: chosen(&a), Verb: verb, Value: value})
		}
	}
	for i := range want {
		want[i].Style = ""
	}
	if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("buttons %v, want %v", got, want)
	}
}

// Whatever a card holds, Slack takes it, nobody is called by it, and it can be decided.
func TestRenderKeepsLimits(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		r := renderRandom{rand.New(rand.NewPCG(seed, 1)), renderEvil}
		c := r.card()
		renderHolds(t, c)
		for _, whole := range []any{
			renderMessage(note(r.text(r.size(0, 300, 9000)), &c)), modal(c, r.text(20), r.text(r.size(40, 4000)), renderPlace), home(c.Title, []bot.Card{c, r.card(), r.card()}),
		} {
			for _, wrong := range renderChecked(t, renderJSON(t, whole)) {
				t.Errorf("%T: %s", whole, wrong)
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzDraw(f *testing.F) {
	f.Add(uint64(1), renderEvil)
	f.Add(uint64(2), renderProse)
	f.Fuzz(func(t *testing.T, seed uint64, evil string) {
		renderHolds(t, renderRandom{rand.New(rand.NewPCG(seed, 2)), evil}.card())
	})
}

func FuzzMrkdwn(f *testing.F) {
	for _, s := range []string{
		"", renderProse, renderEvil, "**a `b** c`", "| a |\n|---|", "|\n|-|\n|", "```", "```\n", "- ", "- a\n-", "1. a\n- b\n  - c", "# h #", "****", "[]()", "![a](b)", "> a\n> b", "---\n***", "a\n|b|\n|-|",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		blocks := mrkdwn(s)
		shape := renderJSON(t, renderMessage(drawing{Blocks: blocks}))
		for _, wrong := range renderChecked(t, shape) {
			if !strings.Contains(wrong, "more than") { // to cut is the layout's part
				t.Errorf("%q: %s", s, wrong)
			}
		}
	})
}

func FuzzUnmodal(f *testing.F) {
	good := modal(bot.Card{Title: "Why not?"}, "deny", "HOLD.7f3a-91c2", renderPlace)
	f.Add(modalName, good.PrivateMetadata, "not on a Friday")
	f.Add(modalName, "{}", "")
	f.Add("other", good.PrivateMetadata, "")
	f.Add(modalName, `{"verb":1}`, "")
	f.Fuzz(func(t *testing.T, name, private, text string) {
		v := slack.View{CallbackID: name, PrivateMetadata: private, State: &slack.ViewState{Values: map[string]map[string]slack.BlockAction{modalField: {modalField: {Value: text}}}}}
		verb, value, typed, at, err := unmodal(v)
		if err != nil {
			if verb != "" || value != "" || typed != "" || at != (place{}) {
				t.Fatalf("%v, and %q %q %q %v", err, verb, value, typed, at)
			}
			return
		}
		if verb == "" || typed != text || name != modalName {
			t.Fatalf("%q %q of %q %q", verb, typed, name, text)
		}
		again := modal(bot.Card{}, verb, value, at)
		if again.PrivateMetadata == "" {
			return // too long to be carried
		}
		v.PrivateMetadata = again.PrivateMetadata
		if verb2, value2, _, at2, err := unmodal(v); err != nil || verb2 != verb || value2 != value || at2 != at && at2.Response != "" {
			t.Fatalf("%q %q %v became %q %q %v: %v", verb, value, at, verb2, value2, at2, err)
		}
	})
}

func FuzzPressed(f *testing.F) {
	f.Add("b/0/approve", `{"verb":"approve","value":"HOLD.7f3a-91c2","label":"Approve"}`)
	f.Add("b/0/approve", `{"verb":""}`)
	f.Add("x", `{"verb":"approve"}`)
	f.Add("b/", `[]`)
	f.Fuzz(func(t *testing.T, id, value string) {
		a := &slack.BlockAction{ActionID: id, Value: value}
		verb, got, ok := pressed(a)
		if ok != (verb != "") || !ok && got != "" || ok && !strings.HasPrefix(id, "b/") {
			t.Fatalf("%q %q: %q %q %v", id, value, verb, got, ok)
		}
		if !ok {
			return
		}
		e := button(bot.Button{Verb: verb, Value: got, Label: chosen(a)}, 3, "")
		if e == nil {
			return // too long to be carried
		}
		if verb2, got2, ok := pressed(&slack.BlockAction{ActionID: e.ActionID, Value: e.Value}); !ok || verb2 != verb || got2 != got {
			t.Fatalf("%q %q became %q %q", verb, got, verb2, got2)
		}
	})
}
