package slacktest

import (
	"fmt"
	"unicode/utf8"
)

// kind is a type of block: where it may stand, and what is checked in it.
type kind struct {
	where string // m message, t stream, d modal, h home
	check func(*checker, string, map[string]any)
}

// kinds are the types of blocks. Those of agents are taken by streams only.
var kinds = map[string]kind{
	"section":         {"mtdh", (*checker).section},
	"actions":         {"mtdh", (*checker).actions},
	"context":         {"mtdh", (*checker).context},
	"context_actions": {"mt", (*checker).contextActions},
	"divider":         {"mtdh", nil},
	"header":          {"mtdh", (*checker).header},
	"image":           {"mtdh", (*checker).image},
	"input":           {"mtdh", (*checker).input},
	"markdown":        {"mt", (*checker).markdown},
	"rich_text":       {"mtdh", (*checker).rich},
	"table":           {"mt", (*checker).table},
	"video":           {"mtdh", nil},
	"alert":           {"td", nil},
	"card":            {"t", nil}, "carousel": {"t", nil}, "container": {"t", nil}, "layout": {"t", nil},
	"data_table": {"t", nil}, "data_visualization": {"t", nil}, "plan": {"t", nil}, "task_card": {"t", nil},
}

const anyText = "plain_text, mrkdwn"

func (c *checker) section(at string, b map[string]any) {
	fields, _ := b["fields"].([]any)
	c.text(at+"/text", b["text"], anyText, 3000, len(fields) == 0)
	if len(fields) > 10 {
		c.fail(at+"/fields", "no more than 10 items allowed")
	}
	for i, f := range fields {
		c.text(fmt.Sprintf("%s/fields/%d", at, i), f, anyText, 2000, true)
	}
	if b["accessory"] != nil {
		c.element(at+"/accessory", b["accessory"])
	}
}

// elements are the parts of a block, of which there is at least one.
func (c *checker) elements(at string, b map[string]any, most int) []any {
	list, _ := b["elements"].([]any)
	if len(list) == 0 {
		c.fail(at+"/elements", "no fewer than 1 items allowed")
	}
	if len(list) > most {
		c.fail(at+"/elements", "no more than %d items allowed", most)
	}
	return list
}

func (c *checker) actions(at string, b map[string]any) { c.acting(at, b, 25) }

func (c *checker) contextActions(at string, b map[string]any) { c.acting(at, b, 5) }

func (c *checker) acting(at string, b map[string]any, most int) {
	ids := map[string]bool{}
	for i, e := range c.elements(at, b, most) {
		here := fmt.Sprintf("%s/elements/%d", at, i)
		id := c.element(here, e)
		if ids[id] && id != "" {
			c.fail(here+"/action_id", "action_id %q already exists", id)
		}
		ids[id] = true
	}
}

func (c *checker) context(at string, b map[string]any) {
	for i, e := range c.elements(at, b, 10) {
		here := fmt.Sprintf("%s/elements/%d", at, i)
		if fields, _ := e.(map[string]any); fields["type"] == "image" {
			c.image(here, fields)
			continue
		}
		c.text(here, e, anyText, 3000, true)
	}
}

func (c *checker) header(at string, b map[string]any) {
	c.text(at+"/text", b["text"], "plain_text", 150, true)
}

func (c *checker) image(at string, b map[string]any) {
	switch url := c.length(at+"/image_url", b["image_url"], 3000); {
	case url == "" && b["slack_file"] == nil:
		c.fail(at+"/image_url", "missing required field")
	case b["slack_file"] != nil:
		c.slackFile(at+"/slack_file", b["slack_file"])
	}
	if c.length(at+"/alt_text", b["alt_text"], 2000) == "" {
		c.fail(at+"/alt_text", "missing required field")
	}
	c.text(at+"/title", b["title"], "plain_text", 2000, false)
}

func (c *checker) input(at string, b map[string]any) {
	c.text(at+"/label", b["label"], "plain_text", 2000, true)
	c.text(at+"/hint", b["hint"], "plain_text", 2000, false)
	if b["element"] == nil {
		c.fail(at+"/element", "missing required field")
		return
	}
	c.element(at+"/element", b["element"])
}

func (c *checker) markdown(at string, b map[string]any) {
	text, _ := b["text"].(string)
	if text == "" {
		c.fail(at+"/text", "must be more than 0 characters")
	}
	c.prose += utf8.RuneCountInString(text)
	c.total += utf8.RuneCountInString(text)
}

func (c *checker) rich(at string, b map[string]any) {
	if _, ok := b["elements"].([]any); !ok {
		c.fail(at+"/elements", "missing required field")
	}
	c.total += texts(b)
}

// table has at most 100 rows of 20 cells, and stands once in a message.
func (c *checker) table(at string, b map[string]any) {
	c.tables++
	rows, _ := b["rows"].([]any)
	if len(rows) == 0 || len(rows) > 100 {
		c.fail(at+"/rows", "between 1 and 100 items allowed")
	}
	for i, r := range rows {
		if cells, ok := r.([]any); !ok || len(cells) > 20 {
			c.fail(fmt.Sprintf("%s/rows/%d", at, i), "no more than 20 items allowed")
		}
	}
	c.total += texts(b)
}

// texts is how many characters all fields "text" hold, however deep.
func texts(v any) int {
	n := 0
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			n += texts(e)
		}
	case map[string]any:
		for k, e := range v {
			if text, ok := e.(string); ok && k == "text" {
				n += utf8.RuneCountInString(text)
			}
			n += texts(e)
		}
	}
	return n
}
