package teams

import (
	"strings"
	"testing"
	"unicode/utf8"

	"interlock/bot"
)

// A text is cut between characters, and shows that it was cut.
func TestCardShortened(t *testing.T) {
	t.Parallel()
	for most := range 12 {
		short, whole := shortened("été 世界", most)
		if !utf8.ValidString(short) || whole != (short == "été 世界") || !whole && (!strings.HasSuffix(short, "…") || len(short) > max(most, len("…"))) {
			t.Errorf("%d: %q, whole %v", most, short, whole)
		}
	}
}

// No mark of a moment is left where the moment is not shown, whoever made it.
func TestCardLeavesNoMarks(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"\ue0f01|\ue0f0x\ue0f1 y", "\ue0f0", "a\ue0f1b", "\ue0f0\ue0f01|x\ue0f1", "\ue0f01|\ue0f01|\ue0f0x\ue0f1"} {
		c := bot.Card{
			Title: s, Status: s, Body: s, Prose: s, Next: s, Footer: s, Fallback: s, Draft: s, Fields: []bot.Field{{Name: s, Value: s}},
			Lines: []bot.Line{{Action: s, Resource: s, Attribute: s, Before: s, After: s}}, Buttons: []bot.Button{{Label: s, Verb: "why"}},
		}
		d := note(s, &c, cardDecider)
		c.Buttons = nil
		if all := d.Summary + cardSeen(t, d.Card) + string(dialog(c, "deny", "HOLD", cardSpot)) + c.Written(); strings.ContainsAny(all, "\ue0f0\ue0f1") {
			t.Errorf("%q: %q", s, all)
		}
	}
}

// A tone is said in words, whatever else a card says.
func TestCardToneInWords(t *testing.T) {
	t.Parallel()
	for tone, want := range map[bot.Tone]string{bot.Waiting: "⏳ Waiting", bot.Good: "✅ Good", bot.Bad: "❗ Attention"} {
		for _, c := range []bot.Card{{Title: "a", Tone: tone}, {Title: "a", Tone: tone, Status: want[len("⏳ "):]}, {Tone: tone}} {
			if seen := cardSeen(t, draw(c, cardDecider).Card); !strings.Contains(seen, want) {
				t.Errorf("%+v: %s", c, seen)
			}
		}
	}
	if seen := cardSeen(t, draw(bot.Card{Body: "b", Tone: bot.Good}, cardDecider).Card); !strings.Contains(seen, "✅ b") {
		t.Error(seen)
	}
}
