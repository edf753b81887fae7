package slack

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

// renderLimits are Slack's own, from the file that names their sources.
func renderLimits(t testing.TB) map[string]int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "blockkit_limits.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]int{}
	for l := range strings.SplitSeq(strings.TrimSpace(string(b)), "\n") {
		var one struct {
			What string
			Max  int
		}
		if err := json.Unmarshal([]byte(l), &one); err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(one.What, " (")
		name, _, _ = strings.Cut(name, ", sum")
		if old, known := all[name]; known {
			all[name+"/sum"] = max(old, one.Max)
			one.Max = min(old, one.Max)
		}
		all[name] = one.Max
	}
	return all
}

// renderCheck is the reader of one message or view: it knows JSON, Slack's limits
// and nothing of how cards are drawn.
type renderCheck struct {
	limits map[string]int
	wrong  []string
	ids    map[string]bool
	text   int
}

func renderChecked(t testing.TB, shape string) []string {
	t.Helper()
	c := &renderCheck{limits: renderLimits(t), ids: map[string]bool{}}
	var top map[string]any
	if err := json.Unmarshal([]byte(shape), &top); err != nil {
		return []string{err.Error()}
	}
	blocks, _ := top["blocks"].([]any)
	if kind, _ := top["type"].(string); kind == "modal" || kind == "home" {
		c.most("view.blocks", len(blocks))
		for _, name := range []string{"title", "submit"} {
			if o, ok := top[name].(map[string]any); ok {
				c.most("view."+name, renderLen(o["text"]))
			}
		}
		c.most("view.private_metadata", renderLen(top["private_metadata"]))
	} else {
		c.most("message.blocks", len(blocks))
		c.most("message.text", renderLen(top["text"]))
		c.inert("text", top["text"])
	}
	c.walk("", top)
	if s, message := top["text"].(string); message {
		c.most("message.blocks/sum", c.text-renderLen(s))
	}
	return c.wrong
}

func (c *renderCheck) say(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
}

func (c *renderCheck) most(what string, n int) {
	limit, known := c.limits[what]
	if !known {
		c.say("no limit is known of %s", what)
	}
	if n > limit {
		c.say("%s is %d, more than %d", what, n, limit)
	}
}

// renderLen is how JavaScript and Java count.
func renderLen(v any) int {
	s, _ := v.(string)
	return len(utf16.Encode([]rune(s)))
}

func (c *renderCheck) walk(key string, v any) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			c.walk(key, one)
		}
	case map[string]any:
		c.node(key, v)
		for k, one := range v {
			c.walk(k, one)
		}
	case string:
		carried := key == "value" || key == "private_metadata" // nobody sees it
		if !utf8.ValidString(v) || !carried && strings.ContainsAny(v, "\x00\u202e") {
			c.say("%s holds %q", key, v)
		}
		if key == "text" {
			c.text += renderLen(v)
		}
	}
}

// node checks one object by its type.
func (c *renderCheck) node(key string, o map[string]any) {
	kind, _ := o["type"].(string)
	part := func(name string) int {
		if inner, ok := o[name].(map[string]any); ok {
			return renderLen(inner["text"])
		}
		return renderLen(o[name])
	}
	count := func(name string) int { all, _ := o[name].([]any); return len(all) }
	switch kind {
	case "header":
		c.most("header.text", part("text"))
	case "section":
		c.most("section.text", part("text"))
		c.most("section.fields", count("fields"))
	case "actions":
		c.most("actions.elements", count("elements"))
	case "context":
		c.most("context.elements", count("elements"))
	case "input":
		c.most("input.label", part("label"))
	case "button":
		c.button(o, part)
	case "mrkdwn", "plain_text":
		c.textObject(key, kind, o)
	case "image":
		if n := renderLen(o["alt_text"]); n == 0 || n > 2000 || o["slack_file"] == nil {
			c.say("an image of %v with %d characters of words", o["slack_file"], n)
		}
	case "modal", "home", "rich_text", "divider", "plain_text_input", "":
	default:
		c.richText(kind, o)
	}
	c.most("block_id", renderLen(o["block_id"]))
}

func (c *renderCheck) button(o map[string]any, part func(string) int) {
	c.most("button.text", part("text"))
	c.most("button.text", renderLen(o["accessibility_label"]))
	c.most("button.value", renderLen(o["value"]))
	c.most("action_id", renderLen(o["action_id"]))
	id, _ := o["action_id"].(string)
	if id == "" || c.ids[id] {
		c.say("action %q is there twice, or empty", id)
	}
	c.ids[id] = true
}

func (c *renderCheck) textObject(key, kind string, o map[string]any) {
	s, _ := o["text"].(string)
	if strings.TrimSpace(s) == "" {
		c.say("an empty text in %s", key)
	}
	if key == "fields" && renderLen(s) > 2000 {
		c.say("a field of %d", renderLen(s))
	}
	if kind == "plain_text" {
		if o["emoji"] != false {
			c.say("plain text shows emoji: %q", s)
		}
		return
	}
	if o["verbatim"] != true {
		c.say("Slack looks for names and addresses in %q", s)
	}
	c.inert(key, s)
}

// richText lets in what shows text as it is, and nothing that names or links.
func (c *renderCheck) richText(kind string, o map[string]any) {
	switch kind {
	case "rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted", "date":
	case "text":
		if s, _ := o["text"].(string); s == "" {
			c.say("an empty text")
		}
	default:
		c.say("an element %q", kind)
	}
	if all, ok := o["elements"].([]any); strings.HasPrefix(kind, "rich_text_") && (!ok || len(all) == 0) {
		c.say("%s is empty", kind)
	}
	if o["url"] != nil {
		c.say("a link to %v", o["url"])
	}
}

var (
	renderToken  = regexp.MustCompile(`<!date\^-?\d+\^\{date_short_pretty\} \{time\}\|[^<>|]+>`)
	renderEntity = regexp.MustCompile(`&(?:amp|lt|gt);`)
)

// inert tells that Slack finds no name, link or broadcast in a text with markup.
func (c *renderCheck) inert(key string, v any) {
	s, _ := v.(string)
	if rest := renderEntity.ReplaceAllString(renderToken.ReplaceAllString(s, ""), ""); strings.ContainsAny(rest, "<>&") {
		c.say("%s is not inert: %q", key, s)
	}
}

// It is not parallel to the test that can write them.
func TestRenderGoldensKeepLimits(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "cards", "*.json"))
	if err != nil || len(files) < 40 {
		t.Fatalf("%d goldens: %v", len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range renderChecked(t, string(b)) {
			t.Errorf("%s: %s", file, wrong)
		}
	}
}
