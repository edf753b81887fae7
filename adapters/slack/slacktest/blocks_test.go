package slacktest

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// text is a text object of n characters, two bytes each.
func text(kind string, n int) object {
	return object{"type": kind, "text": strings.Repeat("é", n)}
}

func plainText(n int) object { return text("plain_text", n) }

func repeat(n int, v any) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = v
	}
	return out
}

func option(text, value int) object {
	return object{"text": plainText(text), "value": strings.Repeat("v", value)}
}

func in(kind string, el any) object { return object{"type": kind, "elements": []any{el}} }

func selecting(kind, key string, list []any) object {
	return in("actions", object{"type": kind, key: list})
}

func button(key string, v any) object {
	b := object{"type": "button", "text": plainText(1)}
	b[key] = v
	return in("actions", b)
}

func confirm(key string, v any) object {
	c := object{"title": plainText(1), "text": plainText(1), "confirm": plainText(1), "deny": plainText(1)}
	c[key] = v
	return button("confirm", c)
}

func picture(key string, v any) object {
	p := object{"type": "image", "image_url": "https://example.com/a.png", "alt_text": "x"}
	p[key] = v
	return p
}

func field(key string, v any) object {
	i := object{"type": "input", "label": plainText(1), "element": object{"type": "plain_text_input"}}
	i[key] = v
	return i
}

func divided(n int) []any { return repeat(n, object{"type": "divider"}) }

func long(n int) string { return strings.Repeat("é", n) }

func window(key string, v any) object {
	w := object{"type": "modal", "title": plainText(1), "submit": plainText(1), "blocks": []any{}}
	w[key] = v
	return w
}

// builders make, for each limit of the list, the blocks of a message (or a view)
// that are n large.
var builders = map[string]func(n int) any{
	"section.text":   func(n int) any { return []any{object{"type": "section", "text": text("mrkdwn", n)}} },
	"section.fields": func(n int) any { return []any{object{"type": "section", "fields": repeat(n, plainText(1))}} },
	"actions.elements": func(n int) any {
		return []any{object{"type": "actions", "elements": repeat(n, object{"type": "button", "text": plainText(1)})}}
	},
	"context.elements": func(n int) any { return []any{object{"type": "context", "elements": repeat(n, plainText(1))}} },
	"context_actions.elements": func(n int) any {
		return []any{object{"type": "context_actions", "elements": repeat(n, object{"type": "icon_button"})}}
	},
	"input.label": func(n int) any { return []any{field("label", plainText(n))} },
	"input.hint":  func(n int) any { return []any{field("hint", plainText(n))} },
	"header.text": func(n int) any { return []any{object{"type": "header", "text": plainText(n)}} },
	"markdown.text (sum over the message)": func(n int) any {
		return []any{object{"type": "markdown", "text": long(n - 5)}, object{"type": "markdown", "text": long(5)}}
	},
	"image.image_url": func(n int) any { return []any{picture("image_url", long(n))} },
	"image.alt_text":  func(n int) any { return []any{picture("alt_text", long(n))} },
	"image.title":     func(n int) any { return []any{picture("title", plainText(n))} },
	"block_id":        func(n int) any { return []any{object{"type": "divider", "block_id": long(n)}} },
	"action_id":       func(n int) any { return []any{button("action_id", long(n))} },
	"placeholder": func(n int) any {
		return []any{in("actions", object{"type": "users_select", "placeholder": plainText(n)})}
	},
	"button.text":    func(n int) any { return []any{button("text", plainText(n))} },
	"button.url":     func(n int) any { return []any{button("url", long(n))} },
	"button.value":   func(n int) any { return []any{button("value", long(n))} },
	"select.options": func(n int) any { return []any{selecting("static_select", "options", repeat(n, option(1, 1)))} },
	"select.option_groups": func(n int) any {
		group := object{"label": plainText(1), "options": []any{option(1, 1)}}
		return []any{selecting("static_select", "option_groups", repeat(n, group))}
	},
	"overflow.options":      func(n int) any { return []any{selecting("overflow", "options", repeat(n, option(1, 1)))} },
	"option.text":           func(n int) any { return []any{selecting("static_select", "options", []any{option(n, 1)})} },
	"option.value":          func(n int) any { return []any{selecting("static_select", "options", []any{option(1, n)})} },
	"confirm.title":         func(n int) any { return []any{confirm("title", plainText(n))} },
	"confirm.text":          func(n int) any { return []any{confirm("text", plainText(n))} },
	"confirm.confirm":       func(n int) any { return []any{confirm("confirm", plainText(n))} },
	"confirm.deny":          func(n int) any { return []any{confirm("deny", plainText(n))} },
	"view.title":            func(n int) any { return window("title", plainText(n)) },
	"view.blocks":           func(n int) any { return window("blocks", divided(n)) },
	"view.submit":           func(n int) any { return window("submit", plainText(n)) },
	"view.private_metadata": func(n int) any { return window("private_metadata", long(n)) },
	"message.blocks":        func(n int) any { return divided(n) },
	"message.blocks, sum of all text (undocumented: error msg_blocks_too_long)": func(n int) any {
		blocks := repeat(4, object{"type": "section", "text": text("mrkdwn", 3000)})
		return append(blocks, object{"type": "section", "text": text("mrkdwn", n-12000)})
	},
}

// Every limit of the list holds to the character.
func TestLimits(t *testing.T) {
	f, err := os.Open("testdata/blockkit_limits.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was read
	s, _ := start(t, Options{Unlimited: true})
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var limit struct {
			What string
			Max  int
		}
		if err := json.Unmarshal(lines.Bytes(), &limit); err != nil {
			t.Fatal(err)
		}
		switch limit.What {
		case "message.attachments", "message.text (truncated beyond)":
			continue // TestAttachments, TestRefusals
		}
		build, ok := builders[limit.What]
		if !ok {
			t.Errorf("nothing holds %q", limit.What)
			continue
		}
		for n, good := range map[int]bool{limit.Max: true, limit.Max + 1: false} {
			if err := s.take(build(n)); (err == nil) != good {
				t.Errorf("%s of %d: %v", limit.What, n, err)
			}
		}
	}
	s.Forgive()
}

// take checks blocks, or a view.
func (s *Server) take(v any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if w, ok := v.(object); ok {
		var body map[string]any
		_ = json.Unmarshal(encode(w), &body)
		_, err = s.checkView(body, "modal")
	} else {
		_, err = s.checkBlocks(string(encode(v)), surfaceMessage)
	}
	return err
}

// What is not about size.
func TestBlocks(t *testing.T) {
	s, _ := start(t, Options{Unlimited: true})
	for name, c := range map[string]struct {
		blocks any
		want   string
	}{
		"empty":              {[]any{}, ""},
		"ids filled in":      {[]any{button("value", "x")}, ""},
		"table":              {[]any{object{"type": "table", "rows": repeat(100, repeat(20, plainText(1)))}}, ""},
		"full table":         {[]any{object{"type": "table", "rows": repeat(100, repeat(20, plainText(7)))}}, "msg_blocks_too_long"},
		"101 rows":           {[]any{object{"type": "table", "rows": repeat(101, []any{})}}, "invalid_blocks"},
		"21 cells":           {[]any{object{"type": "table", "rows": []any{repeat(21, plainText(1))}}}, "invalid_blocks"},
		"rich text":          {[]any{object{"type": "rich_text", "elements": []any{object{"type": "text", "text": long(13200)}}}}, ""},
		"long rich text":     {[]any{object{"type": "rich_text", "elements": []any{object{"type": "text", "text": long(13201)}}}}, "msg_blocks_too_long"},
		"two tables":         {repeat(2, object{"type": "table", "rows": []any{[]any{}}}), "invalid_blocks"},
		"unknown":            {[]any{object{"type": "novel"}}, "invalid_blocks"},
		"of agents":          {[]any{object{"type": "task_card"}}, "invalid_blocks"},
		"no text":            {[]any{object{"type": "section"}}, "invalid_blocks"},
		"empty text":         {[]any{object{"type": "section", "text": plainText(0)}}, "invalid_blocks"},
		"mrkdwn in a header": {[]any{object{"type": "header", "text": text("mrkdwn", 1)}}, "invalid_blocks"},
		"no elements":        {[]any{object{"type": "actions", "elements": []any{}}}, "invalid_blocks"},
		"style":              {[]any{button("style", "warning")}, "invalid_blocks"},
		"block_id twice":     {repeat(2, object{"type": "divider", "block_id": "a"}), "invalid_blocks"},
		"action_id twice": {[]any{object{"type": "actions", "elements": repeat(2, object{
			"type": "button", "action_id": "a", "text": plainText(1),
		})}}, "invalid_blocks"},
		"no options":   {[]any{selecting("static_select", "options", nil)}, "invalid_blocks"},
		"no object":    {[]any{"divider"}, "invalid_blocks"},
		"no array":     {1, "invalid_blocks_format"},
		"image blank":  {[]any{picture("alt_text", "")}, "invalid_blocks"},
		"half confirm": {[]any{confirm("deny", nil)}, "invalid_blocks"},
	} {
		err := s.take(c.blocks)
		if got := ""; err != nil {
			if got = err.Error(); got != c.want {
				t.Errorf("%s: %v, want %q", name, err, c.want)
			}
		} else if c.want != "" {
			t.Errorf("%s was taken", name)
		}
		if c.want != "" {
			forgive(t, s, "bad_blocks")
		}
	}
}

// The refusal says where and why, as the library shows it.
func TestRefusalSaysWhy(t *testing.T) {
	s, _ := start(t, Options{})
	_, _, a := invoke(t, s, s.Options().BotToken, "chat.postMessage", `{"channel":"C1","blocks":[{"type":"header","text":{"type":"plain_text","text":""}}]}`)
	why := string(encode(a["response_metadata"]))
	if !strings.Contains(why, "must be more than 0 characters [json-pointer:/blocks/0/text/text]") {
		t.Errorf("refused: %v", a)
	}
	forgive(t, s, "bad_blocks")
}

func TestAttachments(t *testing.T) {
	s, _ := start(t, Options{Unlimited: true})
	post := func(v any) string {
		return code(t, s, "chat.postMessage", string(encode(object{"channel": "C1", "attachments": v})))
	}
	if got := post(repeat(100, object{"text": "x"})); got != "" {
		t.Error(got)
	}
	if got := post(repeat(101, object{"text": "x"})); got != "too_many_attachments" {
		t.Error(got)
	}
	if got := post([]any{object{"blocks": []any{object{"type": "novel"}}}}); got != "invalid_attachments" {
		t.Error(got)
	}
	forgive(t, s, "bad_blocks", "bad_blocks")
}

func TestUnchecked(t *testing.T) {
	s, _ := start(t, Options{Unchecked: true})
	if err := s.take(divided(51)); err != nil {
		t.Error(err)
	}
}
