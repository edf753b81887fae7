package slack

import (
	"fmt"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"interlock/bot"
)

func TestRenderMarkdown(t *testing.T) {
	t.Parallel()
	wide := strings.Repeat("w", widestTable)
	for in, want := range map[string]string{
		"":                                     "",
		"one\ntwo\n\nthree":                    "one\ntwo\n\nthree\n",
		"# Head #\ntext":                       "Head\n\ntext\n",
		"- a\n* b\n\n1. c\n2) d":               "a\nb\nc\nd\n",
		"[x](javascript:alert(1))":             "[x](javascript:alert(1))\n",
		"see ![x](https://e.invalid/?k=1).":    "see x (https://e.invalid/?k=1).\n",
		"2 ** 3 ** 4, an `open tick, a_b_c":    "2 ** 3 ** 4, an `open tick, a_b_c\n",
		"```tf\na  <  b\n```\nafter":           "a  <  b\nafter\n",
		"```\nnever closed":                    "never closed\n",
		"a|**b**\n-|-\nc|`ddd`":                "a  b\nc  ddd\n",
		"name|why\n-|-\nweb|" + wide:           "name: web\nwhy: " + wide + "\n",
		"not a | table\nnext":                  "not a | table\nnext\n",
		"a\n---\nb":                            "a\n\nb\n",
		"> quoted\n> twice":                    "quoted\ntwice\n",
		"a\u202eb\x1bc \ue0f01|now\ue0f1 \xff": "abc now \uFFFD\n",
	} {
		if want != "" {
			want = proseSays + "\n" + want
		}
		if got := renderSeen(t, renderMessage(drawing{Blocks: mrkdwn(in)})); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// An address is shown as code, which no client makes a link of.
func TestRenderAddressIsNoLink(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"[a](https://e.invalid/x)", "go to https://e.invalid/x.", "**https://e.invalid/x**"} {
		got := renderJSON(t, mrkdwn(in))
		if flat := strings.Join(strings.Fields(got), " "); !strings.Contains(flat, `"text": "https://e.invalid/x", "style": {`) || !strings.Contains(flat, `"code": true`) || strings.Contains(got, `"url"`) {
			t.Errorf("%q: %s", in, got)
		}
	}
}

// A list goes on counting after what stood between.
func TestRenderListGoesOn(t *testing.T) {
	t.Parallel()
	if got := renderJSON(t, mrkdwn("1. a\n2. b\n```\ncode\n```\n3. c")); !strings.Contains(got, `"offset": 2`) {
		t.Error(got)
	}
}

func TestRenderButtons(t *testing.T) {
	t.Parallel()
	c := bot.Card{Title: strings.Repeat("Which? ", 20), Fallback: "Which?"}
	for i := range 27 { // what a screen reader says of the title has no room beside so many
		c.Buttons = append(c.Buttons, bot.Button{Label: fmt.Sprint(i), Verb: "answer", Value: strings.Repeat("v", 60)})
	}
	renderPresses(t, c.Buttons, draw(c).Blocks)
	if wrong := renderChecked(t, renderJSON(t, renderMessage(draw(c)))); wrong != nil {
		t.Error(wrong)
	}

	long := strings.Repeat("long ", 20)
	c.Buttons = []bot.Button{{Label: long, Verb: "answer", Value: "H"}, {Label: "never", Verb: "answer", Value: strings.Repeat("v", mostValue)}}
	d := draw(c)
	renderPresses(t, c.Buttons[:1], d.Blocks)
	seen := renderSeen(t, renderMessage(d))
	if !strings.Contains(seen, strings.TrimSpace(long)) || !strings.Contains(seen, "and 1 more buttons") || d.Rest == "" {
		t.Error(seen)
	}
	for _, a := range []*slack.BlockAction{nil, {ActionID: "other", Value: `{"verb":"approve"}`}, {ActionID: "b/0/x", Value: "approve"}} {
		if verb, _, ok := pressed(a); ok || verb != "" || chosen(a) != "" {
			t.Errorf("%v is taken as %q", a, verb)
		}
	}
}

// A fact of many is in a section that holds it.
func TestRenderManyFacts(t *testing.T) {
	t.Parallel()
	c := bot.Card{Title: "Who can approve web", Fallback: "Who"}
	for i := range 100 {
		c.Fields = append(c.Fields, bot.Field{Name: fmt.Sprintf("Name%d", i), Value: "person"})
	}
	d := draw(c)
	if wrong := renderChecked(t, renderJSON(t, renderMessage(d))); wrong != nil {
		t.Error(wrong)
	}
	seen := renderSeen(t, renderMessage(d))
	if !strings.Contains(seen, fmt.Sprintf("Name%d: person", allFacts-1)) || !strings.Contains(seen, fmt.Sprintf("and %d more", 100-allFacts)) || !strings.Contains(d.Rest, "Name99: person") {
		t.Error(seen)
	}
}

func TestRenderHomeIsCutInSight(t *testing.T) {
	t.Parallel()
	var cards []bot.Card
	for range 60 {
		cards = append(cards, bot.Card{Title: "a", Body: "b", Buttons: []bot.Button{{Label: "Approve", Verb: "approve", Value: "H"}}})
	}
	got := home("Home", cards)
	if wrong := renderChecked(t, renderJSON(t, got)); wrong != nil {
		t.Error(wrong)
	}
	if n := len(got.Blocks.BlockSet); n < 90 || !strings.Contains(renderSeen(t, got), "and 36 more") {
		t.Errorf("%d blocks: %s", n, renderSeen(t, got))
	}
}

// A note has words and buttons; both are in what a lock screen shows.
func TestRenderNote(t *testing.T) {
	t.Parallel()
	c := bot.Card{Title: "Why", Fallback: "Why: denied", Buttons: []bot.Button{{Label: "Why?", Verb: "why", Value: "v"}}}
	d := note("Refused: Vic may not <!channel>.", &c)
	if d.Text != "Refused: Vic may not &lt;!channel&gt;.\nWhy: denied" || len(d.Blocks) != 3 {
		t.Errorf("%q, %d blocks", d.Text, len(d.Blocks))
	}
	renderPresses(t, c.Buttons, d.Blocks)
	if d := note("Stopped.", nil); d.Text != "Stopped." || len(d.Blocks) != 1 {
		t.Errorf("%+v", d)
	}
	if d := note("", &c); d.Text != "Why: denied" || len(d.Blocks) != 2 {
		t.Errorf("%+v", d)
	}
}

// What a modal carries is whole, or it is not there.
func TestRenderModalCarries(t *testing.T) {
	t.Parallel()
	far := renderPlace
	far.Response = strings.Repeat("r", mostKept)
	v := modal(bot.Card{Title: "Why not?", Draft: strings.Repeat("d", 2*mostTyped)}, "deny", "HOLD", far)
	verb, value, typed, at, err := unmodal(slack.View{CallbackID: v.CallbackID, PrivateMetadata: v.PrivateMetadata})
	if far.Response = ""; verb != "deny" || value != "HOLD" || typed != "" || at != far || err != nil {
		t.Errorf("%q %q %q %v: %v", verb, value, typed, at, err)
	}
	field := v.Blocks.BlockSet[len(v.Blocks.BlockSet)-1].(*slack.InputBlock).Element.(*slack.PlainTextInputBlockElement)
	if !field.Multiline || len(field.InitialValue) > mostTyped {
		t.Errorf("%+v", field)
	}
	if v := modal(bot.Card{}, "deny", strings.Repeat("v", mostKept), far); v.PrivateMetadata != "" {
		t.Error("a cut value is carried")
	}
}
