package teams

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/bot"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	cardSpot    = spot{Conversation: "19:0123456789abcdef0123456789abcdef@thread.tacv2;messageid=1764244800000", Thread: "1764244800000"}
	cardDecider = view{At: cardSpot}
	cardPublic  = view{At: cardSpot, Everyone: true, Refresh: []string{"29:1-alice", "29:1-bob"}}
)

// cardAll are the cards of package bot, as its own tests keep them, and those of
// ours.
func cardAll(t testing.TB) map[string]bot.Card {
	t.Helper()
	all := cardOwn()
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "cards", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cards: %v", err)
	}
	for _, file := range files {
		var c bot.Card
		cardRead(t, file, &c)
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = c
	}
	return all
}

func cardRead(t testing.TB, file string, v any) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// cardShape is what Teams gets of a card: a dialog, or a message.
func cardShape(name string, c bot.Card) drawing {
	switch {
	case strings.HasPrefix(name, "modal-"):
		return drawing{Card: dialog(c, c.Buttons[0].Verb, c.Buttons[0].Value, cardSpot)}
	case name == "refusal":
		return note(c.Fallback, &c, cardDecider)
	}
	return draw(c, cardDecider)
}

// cardGolden compares a drawing with what is on file.
func cardGolden(t *testing.T, name string, d drawing) {
	t.Helper()
	var got bytes.Buffer
	e := json.NewEncoder(&got)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	var card any
	if err := json.Unmarshal(d.Card, &card); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := e.Encode(map[string]any{"summary": d.Summary, "card": card}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "cards", name+".json")
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != got.String() {
		t.Errorf("%s: %v; run the test with -update and look at the difference. Got:\n%s", name, err, got.String())
	}
}

func TestCardGolden(t *testing.T) {
	cards := cardAll(t)
	for name, c := range cards {
		cardGolden(t, name, cardShape(name, c))
	}
	for _, name := range []string{"approval-open", "approval-broken", "drift"} {
		cardGolden(t, name+"-public", draw(cards[name], cardPublic))
	}
}

// What a card says is in its message: no fact, no status, no button is lost.
func TestCardLosesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range cardAll(t) {
		if strings.HasPrefix(name, "modal-") || name == "long" || name == "hostile" || name == "facts" {
			continue
		}
		d := draw(c, cardDecider)
		seen := strings.ToLower(cardSeen(t, d.Card))
		want := []string{c.Title, c.Status, c.Body, c.Next, c.Footer}
		for _, f := range c.Fields {
			want = append(want, f.Name, f.Value)
		}
		for _, l := range c.Lines {
			want = append(want, l.Action, l.Resource, l.Attribute, l.Before, l.After)
		}
		for _, b := range c.Buttons {
			want = append(want, b.Label)
		}
		for _, w := range want {
			w = bot.Sound(w)
			here := strings.ToLower(bot.Moments(w, localTime))
			if utc := strings.ToLower(bot.Moments(w, nil)); !strings.Contains(seen, utc) && !strings.Contains(seen, here) {
				t.Errorf("%s does not show %q:\n%s", name, utc, seen)
			}
		}
		if d.Rest != "" {
			t.Errorf("%s has a rest", name)
		}
	}
}

// What is cut is cut in sight, and there in whole as plain text.
func TestCardCutsInSight(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"long": "more lines", "facts": "…"} {
		c := cardAll(t)[name]
		d := draw(c, cardDecider)
		if seen := cardSeen(t, d.Card); !strings.Contains(seen, want) || len(seen) < 1500 {
			t.Errorf("%s: %s", name, seen)
		}
		for _, f := range c.Fields {
			if !strings.Contains(d.Rest, strings.TrimSpace(f.Value)) {
				t.Errorf("%s: the rest lacks %q", name, f.Name)
			}
		}
		for _, l := range c.Lines {
			if !strings.Contains(d.Rest, l.Resource) || !strings.Contains(d.Rest, l.Before) {
				t.Errorf("%s: the rest lacks %q", name, l.Resource)
			}
		}
	}
}

// Somebody who was woken up must find the buttons on the first screen of a phone,
// and what they need to know above them.
func TestCardFirstScreen(t *testing.T) {
	t.Parallel()
	cards := cardAll(t)
	for _, name := range []string{"approval-open", "approval-destroy", "drift", "plan"} {
		above, rows := cardAbove(t, draw(cards[name], cardDecider).Card)
		if rows > 13 {
			t.Errorf("%s has its buttons in row %d", name, rows)
		}
		for _, want := range []string{cards[name].Title, cards[name].Status, cards[name].Body, "payments-prod (prod)"} {
			if !strings.Contains(strings.ToLower(above), strings.ToLower(want)) {
				t.Errorf("%s does not show %q above its buttons:\n%s", name, want, above)
			}
		}
	}
}

// cardAbove is what stands above the buttons, and how many rows of 40 characters
// they begin in.
func cardAbove(t *testing.T, card json.RawMessage) (text string, rows int) {
	t.Helper()
	var a adaptive
	if err := json.Unmarshal(card, &a); err != nil {
		t.Fatal(err)
	}
	for _, e := range a.Body {
		if e.Type == "ActionSet" {
			return text, rows + 1
		}
		seen := cardMoment.ReplaceAllString(cardSeen(t, encoded(e)), "Tue, Nov 24, 2026 12:00 PM") // as a reader has it
		for l := range strings.SplitSeq(strings.TrimSpace(seen), "\n") {
			rows += (len([]rune(l)) + 39) / 40
		}
		if e.Type == "ColumnSet" { // its two columns are one row
			rows--
		}
		text += seen
	}
	t.Error("there are no buttons")
	return text, rows
}

// A closed card has nothing to press.
func TestCardClosedHasNoButtons(t *testing.T) {
	t.Parallel()
	cards := cardAll(t)
	for _, name := range []string{"approval-applied", "approval-declined", "approval-running", "question-answered", "drift-gone"} {
		for _, v := range []view{cardDecider, cardPublic} {
			if got := string(draw(cards[name], v).Card); strings.Contains(got, "Action.") {
				t.Errorf("%s has buttons: %s", name, got)
			}
		}
	}
}
