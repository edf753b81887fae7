package slacktest

import (
	"encoding/json"
	"slices"
)

// Button is an element of a message or a view that can be pressed.
type Button struct{ BlockID, ActionID, Text, Value, URL, Style string }

// element is an interactive element in its block.
type element struct {
	block  string
	input  bool // in an input block
	needed bool
	fields map[string]any
}

func (e element) field(name string) string {
	v, _ := e.fields[name].(string)
	return v
}

// label is the text of a text object in a field.
func (e element) label(name string) string {
	t, _ := e.fields[name].(map[string]any)
	text, _ := t["text"].(string)
	return text
}

// Buttons are what can be pressed on the message, in order.
func (m Message) Buttons() []Button { return buttons(m.Blocks) }

// Buttons are what can be pressed on the view, in order.
func (v View) Buttons() []Button { return buttons(v.Blocks) }

func buttons(blocks json.RawMessage) []Button {
	var out []Button
	for _, e := range elements(blocks) {
		if e.field("type") == "button" {
			out = append(out, Button{
				BlockID: e.block, ActionID: e.field("action_id"), Text: e.label("text"),
				Value: e.field("value"), URL: e.field("url"), Style: e.field("style"),
			})
		}
	}
	return out
}

// elements are all interactive elements of blocks.
func elements(blocks json.RawMessage) []element {
	var list []map[string]any
	_ = json.Unmarshal(blocks, &list)
	var out []element
	for _, b := range list {
		id, _ := b["block_id"].(string)
		optional, _ := b["optional"].(bool)
		input := b["type"] == "input"
		found := []any{b["accessory"], b["element"]}
		if more, ok := b["elements"].([]any); ok && b["type"] != "context" && b["type"] != "rich_text" {
			found = append(found, more...)
		}
		for _, f := range found {
			if fields, ok := f.(map[string]any); ok && fields["type"] != "image" {
				out = append(out, element{block: id, input: input, needed: input && !optional, fields: fields})
			}
		}
	}
	return out
}

// pick is the element that a test names by its action_id or its text.
func pick(blocks json.RawMessage, name string) (element, bool) {
	list := elements(blocks)
	i := slices.IndexFunc(list, func(e element) bool { return e.field("action_id") == name })
	if i < 0 {
		i = slices.IndexFunc(list, func(e element) bool { return e.label("text") == name })
	}
	if i < 0 {
		return element{}, false
	}
	return list[i], true
}

// options are the element's options by value, groups included.
func (e element) options() map[string]any {
	out := map[string]any{}
	lists := []any{e.fields["options"]}
	groups, _ := e.fields["option_groups"].([]any)
	for _, g := range groups {
		if fields, ok := g.(map[string]any); ok {
			lists = append(lists, fields["options"])
		}
	}
	for _, l := range lists {
		list, _ := l.([]any)
		for _, o := range list {
			if fields, ok := o.(map[string]any); ok {
				value, _ := fields["value"].(string)
				out[value] = o
			}
		}
	}
	return out
}

// chosenKeys are the fields in which an element's state says what was chosen.
var chosenKeys = map[string]string{
	"static_select": "selected_option", "radio_buttons": "selected_option", "overflow": "selected_option",
	"external_select": "selected_option", "users_select": "selected_user", "channels_select": "selected_channel",
	"conversations_select": "selected_conversation", "checkboxes": "selected_options",
	"multi_static_select": "selected_options", "multi_users_select": "selected_users",
	"multi_channels_select": "selected_channels", "multi_conversations_select": "selected_conversations",
	"datepicker": "selected_date", "timepicker": "selected_time", "datetimepicker": "selected_date_time",
}

// chosen is the element's state after a person chose or wrote the values. It
// fails when the element does not offer one of them.
func (e element) chosen(values []string) (object, bool) {
	kind := e.field("type")
	out := object{"type": kind}
	key, known := chosenKeys[kind]
	if !known {
		key = "value"
	}
	picked := make([]any, 0, len(values))
	for _, v := range values {
		picked = append(picked, any(v))
	}
	if key == "selected_option" && kind != "external_select" || key == "selected_options" {
		offered := e.options()
		for i, v := range values {
			o, ok := offered[v]
			if !ok {
				return nil, false
			}
			picked[i] = o
		}
	}
	switch {
	case key[len(key)-1] == 's':
		out[key] = picked
	case len(picked) == 0:
		out[key] = nil
	default:
		out[key] = picked[0]
	}
	return out, true
}
