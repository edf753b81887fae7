package slack

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"interlock/bot"
)

var renderUpdate = flag.Bool("update", false, "write the golden cards anew")

// renderCards are the cards of package bot, as its own tests keep them, and those
// of ours.
func renderCards(t *testing.T) map[string]bot.Card {
	t.Helper()
	all := renderOwn()
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "cards", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cards: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var c bot.Card
		if err := json.Unmarshal(b, &c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = c
	}
	return all
}

var renderPlace = place{Team: "T1", Channel: "C1", Thread: "1700000000.000100", Message: "1700000000.000200", Response: "https://slack.invalid/response"}

// renderShape is what Slack gets of a card: a view, or a message.
func renderShape(name string, c bot.Card) any {
	switch {
	case strings.HasPrefix(name, "modal-"):
		return modal(c, c.Buttons[0].Verb, c.Buttons[0].Value, renderPlace)
	case name == "refusal":
		return renderMessage(note(c.Fallback, &c))
	}
	return renderMessage(draw(c))
}

func renderMessage(d drawing) any {
	return struct {
		Text   string        `json:"text"`
		Blocks []slack.Block `json:"blocks"`
	}{d.Text, d.Blocks}
}

func renderJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return unescapedJSON.Replace(string(b)) + "\n"
}

func renderGolden(t *testing.T, name string, v any) {
	t.Helper()
	got, file := renderJSON(t, v), filepath.Join("testdata", "cards", name+".json")
	if *renderUpdate {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != got {
		t.Errorf("%s: %v; run the test with -update and look at the difference. Got:\n%s", name, err, got)
	}
}

func TestRenderGolden(t *testing.T) {
	t.Parallel()
	cards := renderCards(t)
	for name, c := range cards {
		renderGolden(t, name, renderShape(name, c))
	}
	renderGolden(t, "home", home("What waits for you", []bot.Card{cards["approval-open"], cards["approval-destroy"], cards["drift"], cards["status"]}))
	renderGolden(t, "home-empty", home("What waits for you", nil))
}

// What a card says is in its message: no fact, no status, no button is lost.
func TestRenderLosesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range renderCards(t) {
		if strings.HasPrefix(name, "modal-") || name == "long" || name == "hostile" || name == "facts" {
			continue
		}
		d := draw(c)
		seen := strings.ToLower(renderSeen(t, renderMessage(d)))
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
			if w = strings.ToLower(bot.Moments(w, nil)); !strings.Contains(seen, w) {
				t.Errorf("%s does not show %q:\n%s", name, w, seen)
			}
		}
		if d.Rest != "" {
			t.Errorf("%s has a rest", name)
		}
	}
}

// What is cut is cut in sight, and goes up as a file in whole.
func TestRenderCutsInSight(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"long": "more lines", "facts": "\u2026"} {
		c := renderCards(t)[name]
		d := draw(c)
		if seen := renderSeen(t, renderMessage(d)); !strings.Contains(seen, want) || len(seen) < 1500 {
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
func TestRenderFirstScreen(t *testing.T) {
	t.Parallel()
	cards := renderCards(t)
	for _, name := range []string{"approval-open", "approval-destroy", "drift", "plan"} {
		above, rows := renderAbove(t, draw(cards[name]).Blocks)
		if rows > 12 {
			t.Errorf("%s has its buttons in row %d", name, rows)
		}
		for _, want := range []string{cards[name].Title, cards[name].Status, cards[name].Body, "payments-prod (prod)"} {
			if !strings.Contains(strings.ToLower(above), strings.ToLower(want)) {
				t.Errorf("%s does not show %q above its buttons:\n%s", name, want, above)
			}
		}
	}
}

// renderAbove is what stands above the buttons, and how many rows of 40 characters
// they end in.
func renderAbove(t *testing.T, blocks []slack.Block) (text string, rows int) {
	t.Helper()
	for _, b := range blocks {
		if b.BlockType() == slack.MBTAction {
			return text, rows + 1
		}
		seen := renderSeen(t, b)
		for l := range strings.SplitSeq(strings.TrimSpace(seen), "\n") {
			rows += (len([]rune(l)) + 39) / 40
		}
		text += seen
	}
	t.Error("there are no buttons")
	return text, rows
}

// A closed card has nothing to press.
func TestRenderClosedCardHasNoButtons(t *testing.T) {
	t.Parallel()
	cards := renderCards(t)
	for _, name := range []string{"approval-applied", "approval-declined", "approval-running", "question-answered", "drift-gone"} {
		if got := renderJSON(t, renderShape(name, cards[name])); strings.Contains(got, `"actions"`) {
			t.Errorf("%s has buttons", name)
		}
	}
}
