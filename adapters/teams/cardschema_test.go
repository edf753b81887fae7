package teams

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"
)

// cardMost is what Teams says is safe for a whole message: 80 kB in UTF-16. Older
// doors to it cut at 28 kB.
const (
	cardMost    = 80_000
	cardMostOld = 28_000
)

// cardKinds are the elements and actions that a card of ours may have, and what
// each must have.
var cardKinds = map[string][]string{
	"AdaptiveCard": {"version", "body", "$schema", "fallbackText", "msteams"}, "Container": {"items"}, "ColumnSet": {"columns"},
	"Column": {"items", "width"}, "TextBlock": {"text", "wrap"}, "RichTextBlock": {"inlines"}, "TextRun": {"text"}, "ActionSet": {"actions"},
	"Image":      {"url", "altText", "msTeams"},
	"Input.Text": {"id", "label", "isRequired", "errorMessage", "maxLength"}, "Action.Execute": {"title", "verb", "data"},
	"Action.Submit": {"title", "data"}, "Action.ToggleVisibility": {"title", "targetElements"}, "task/fetch": nil,
}

// cardEnums are the words that a property may have.
var cardEnums = map[string]string{
	"size": "Small Large", "weight": "Bolder", "fontType": "Monospace", "color": "Attention", "spacing": "None Small Medium",
	"style": "good warning attention emphasis heading positive destructive", "version": "1.5",
}

// cardChecker is the reader of one card: it knows JSON, what Adaptive Cards 1.5
// asks for, and nothing of how cards are drawn.
type cardChecker struct {
	wrong  []string
	ids    map[string]bool
	wanted []string
}

func cardChecked(t testing.TB, card json.RawMessage) []string {
	t.Helper()
	c := &cardChecker{ids: map[string]bool{}}
	var top map[string]any
	if err := json.Unmarshal(card, &top); err != nil {
		return []string{err.Error()}
	}
	if top["type"] != "AdaptiveCard" {
		c.say("the root is a %v", top["type"])
	}
	c.walk("", top)
	for _, id := range c.wanted {
		if !c.ids[id] {
			c.say("nothing is called %q", id)
		}
	}
	if n := 2 * len(utf16.Encode([]rune(string(card)))); n > cardMost-4000 || len(card) > cardMostOld-1000 {
		c.say("%d bytes, %d in UTF-16", len(card), n)
	}
	return c.wrong
}

func (c *cardChecker) say(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
}

func (c *cardChecker) walk(key string, v any) {
	switch v := v.(type) {
	case []any:
		if len(v) == 0 {
			c.say("%s is empty", key)
		}
		for _, one := range v {
			c.walk(key, one)
		}
	case map[string]any:
		if key == "data" {
			c.opens(v)
			return // nobody sees it
		}
		c.node(v)
		for k, one := range v {
			c.walk(k, one)
		}
	case string:
		if key != "verb" && strings.ContainsAny(v, "\x00\u202e\ue0f0\ue0f1") {
			c.say("%s holds %q", key, v)
		}
		if words, known := cardEnums[key]; known && !strings.Contains(" "+words+" ", " "+v+" ") {
			c.say("%s is %q", key, v)
		}
	}
}

// opens checks that a button asks for a dialog and for nothing else.
func (c *cardChecker) opens(data map[string]any) {
	if m, ok := data["msteams"]; ok && fmt.Sprint(m) != "map[type:task/fetch]" {
		c.say("a button asks for %v", m)
	}
}

// node checks one object by its type.
func (c *cardChecker) node(o map[string]any) {
	kind, _ := o["type"].(string)
	needs, known := cardKinds[kind]
	if kind != "" && !known {
		c.say("an element %q", kind)
	}
	for _, name := range needs {
		if v, there := o[name]; !there || v == "" {
			c.say("%s without %s", kind, name)
		}
	}
	if id, ok := o["id"].(string); ok {
		if c.ids[id] {
			c.say("%q is there twice", id)
		}
		c.ids[id] = true
	}
	for _, name := range []string{"url", "selectAction", "backgroundImage", "entities"} {
		s, _ := o[name].(string)
		if held := kind == "Image" && name == "url" && strings.HasPrefix(s, "data:image/png;base64,"); o[name] != nil && !held {
			c.say("%s has %s", kind, name)
		}
	}
	switch kind {
	case "TextBlock":
		c.textBlock(o)
	case "TextRun":
		if s, _ := o["text"].(string); strings.Contains(s, "{{") {
			c.say("a function in %q", s)
		}
	case "ActionSet":
		if all, _ := o["actions"].([]any); len(all) > 6 {
			c.say("%d actions", len(all))
		}
	case "Action.ToggleVisibility":
		for _, id := range o["targetElements"].([]any) {
			c.wanted = append(c.wanted, id.(string))
		}
	}
}

var (
	cardMoment = regexp.MustCompile(`\{\{DATE\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, SHORT\)\}\} \{\{TIME\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\)\}\}`)
	cardMarkup = regexp.MustCompile("[*_`\\[\\]{}<>&\\\\|~#@\\n]" + `|//|www\.|^\s*(?:[-+]|\d+[.)])|:[a-z]`)
)

// textBlock tells that Teams finds no markup in a text where it looks for some.
func (c *cardChecker) textBlock(o map[string]any) {
	s, _ := o["text"].(string)
	if cardMarkup.MatchString(cardMoment.ReplaceAllString(s, "x")) {
		c.say("a text block is not inert: %q", s)
	}
}

// It is not parallel to the test that can write them.
func TestCardGoldensKeepTheSchema(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "cards", "*.json"))
	if err != nil || len(files) < 40 {
		t.Fatalf("%d goldens: %v", len(files), err)
	}
	for _, file := range files {
		var golden struct{ Card json.RawMessage }
		cardRead(t, file, &golden)
		var compact bytes.Buffer
		if err := json.Compact(&compact, golden.Card); err != nil {
			t.Fatal(err)
		}
		for _, wrong := range cardChecked(t, compact.Bytes()) {
			t.Errorf("%s: %s", file, wrong)
		}
	}
}

// The checker itself flags what it is there for.
func TestCardCheckerFlags(t *testing.T) {
	t.Parallel()
	for _, card := range []string{
		`{"type":"Message"}`, `{"type":"AdaptiveCard","version":"1.6"}`, `{"body":[{"type":"Image","url":"x"}]}`,
		`{"body":[{"type":"TextBlock","text":"a [b](c)","wrap":true}]}`, `{"body":[{"type":"TextRun","text":"{{DATE"}]}`,
		`{"body":[{"type":"Action.ToggleVisibility","title":"a","targetElements":["b"]}]}`, `{"body":[]}`,
	} {
		var top map[string]any
		if err := json.Unmarshal([]byte(card), &top); err != nil {
			t.Fatal(err)
		}
		good := map[string]any{"type": "AdaptiveCard", "version": "1.5", "$schema": "s", "fallbackText": "f", "msteams": map[string]any{"width": "Full"}, "body": []any{map[string]any{"type": "RichTextBlock", "inlines": []any{map[string]any{"type": "TextRun", "text": "a"}}}}}
		if wrong := cardChecked(t, encoded(good)); wrong != nil {
			t.Fatal(wrong)
		}
		for k, v := range top {
			good[k] = v
		}
		if cardChecked(t, encoded(good)) == nil {
			t.Errorf("%s is taken", card)
		}
	}
}
