package slacktest

import (
	"fmt"
	"strings"
)

// acts tells whether elements of a type report what people do with them.
func acts(kind string) bool {
	_, chooses := chosenKeys[kind]
	switch kind {
	case "button", "workflow_button", "feedback_buttons", "icon_button", "plain_text_input", "email_text_input",
		"url_text_input", "number_input", "rich_text_input", "file_input", "multi_external_select":
		return true
	}
	return chooses
}

// element checks an interactive element, or an image, and returns its action_id.
func (c *checker) element(at string, v any) string {
	e, ok := v.(map[string]any)
	if !ok {
		c.fail(at, "must be an object")
		return ""
	}
	kind, _ := e["type"].(string)
	if kind == "image" {
		c.image(at, e)
		return ""
	}
	if !acts(kind) {
		c.fail(at+"/type", "unsupported type: %s", kind)
	}
	c.text(at+"/placeholder", e["placeholder"], "plain_text", 150, false)
	if kind == "button" {
		c.button(at, e)
	}
	c.offers(at, kind, e)
	if e["confirm"] != nil {
		c.confirm(at+"/confirm", e["confirm"])
	}
	return c.length(at+"/action_id", e["action_id"], 255)
}

func (c *checker) button(at string, e map[string]any) {
	c.text(at+"/text", e["text"], "plain_text", 75, true)
	c.length(at+"/url", e["url"], 3000)
	c.length(at+"/value", e["value"], 2000)
	c.length(at+"/accessibility_label", e["accessibility_label"], 75)
	if style := e["style"]; style != nil && style != "primary" && style != "danger" {
		c.fail(at+"/style", "must be one of: primary, danger")
	}
}

// offers checks options and groups of options.
func (c *checker) offers(at, kind string, e map[string]any) {
	most := 100
	switch kind {
	case "overflow":
		most = 5
	case "checkboxes", "radio_buttons":
		most = 10
	}
	options, _ := e["options"].([]any)
	groups, _ := e["option_groups"].([]any)
	if len(options)+len(groups) == 0 && (most < 100 || strings.HasSuffix(kind, "static_select")) {
		c.fail(at+"/options", "missing required field")
	}
	c.options(at+"/options", options, most)
	if len(groups) > 100 {
		c.fail(at+"/option_groups", "no more than 100 items allowed")
	}
	for i, g := range groups {
		group, _ := g.(map[string]any)
		here := fmt.Sprintf("%s/option_groups/%d", at, i)
		c.text(here+"/label", group["label"], "plain_text", 75, true)
		list, _ := group["options"].([]any)
		c.options(here+"/options", list, 100)
	}
}

func (c *checker) options(at string, list []any, most int) {
	if len(list) > most {
		c.fail(at, "no more than %d items allowed", most)
	}
	for i, o := range list {
		option, _ := o.(map[string]any)
		here := fmt.Sprintf("%s/%d", at, i)
		c.text(here+"/text", option["text"], anyText, 75, true)
		c.text(here+"/description", option["description"], anyText, 75, false)
		if c.length(here+"/value", option["value"], 150) == "" {
			c.fail(here+"/value", "missing required field")
		}
	}
}

func (c *checker) confirm(at string, v any) {
	f, ok := v.(map[string]any)
	if !ok {
		c.fail(at, "must be an object")
		return
	}
	c.text(at+"/title", f["title"], "plain_text", 100, true)
	c.text(at+"/text", f["text"], anyText, 300, true)
	c.text(at+"/confirm", f["confirm"], "plain_text", 30, true)
	c.text(at+"/deny", f["deny"], "plain_text", 30, true)
}
