package tofu

import (
	"encoding/json"
	"strings"
)

// containedFrom is the length in bytes from which a secret is also looked for
// inside longer texts: a shorter one would hide half of every plan.
const containedFrom = 4

// secrets are the values that a plan marks sensitive anywhere. A provider may
// copy one into an attribute that is not marked; there it is hidden too.
type secrets map[string]bool

// gather looks through the whole document for values with a mark.
func gather(doc map[string]any) secrets {
	s := secrets{}
	s.variables(doc)
	s.walk(doc)
	return s
}

// variables takes the values of variables whose declaration is sensitive.
func (s secrets) variables(doc map[string]any) {
	values := dig(doc, "variables")
	for name, d := range dig(doc, "configuration", "root_module", "variables") {
		if d, ok := d.(map[string]any); ok && d["sensitive"] == true {
			s.all(d["default"])
			s.all(dig(values, name)["value"])
		}
	}
}

func dig(m map[string]any, path ...string) map[string]any {
	for _, p := range path {
		m, _ = m[p].(map[string]any)
	}
	return m
}

func (s secrets) walk(v any) {
	switch v := v.(type) {
	case map[string]any:
		s.object(v)
		for _, e := range v {
			s.walk(e)
		}
	case []any:
		for _, e := range v {
			s.walk(e)
		}
	}
}

// object knows the three ways in which the document marks values.
func (s secrets) object(o map[string]any) {
	s.marked(o["values"], o["sensitive_values"])
	s.marked(o["before"], o["before_sensitive"])
	s.marked(o["after"], o["after_sensitive"])
	if o["sensitive"] == true {
		s.all(o["value"])
	}
}

// marked takes the values at which the mark is true.
func (s secrets) marked(v, mark any) {
	switch m := mark.(type) {
	case bool:
		if m {
			s.all(v)
		}
	case map[string]any:
		o, _ := v.(map[string]any)
		for k, e := range m {
			s.marked(o[k], e)
		}
	case []any:
		l, _ := v.([]any)
		for i, e := range m {
			if i < len(l) {
				s.marked(l[i], e)
			}
		}
	}
}

// all takes every text of a value, and its numbers when they are long enough to
// be a secret: a hidden 1 would hide every 1.
func (s secrets) all(v any) {
	switch v := v.(type) {
	case string:
		if v != "" {
			s[v] = true
		}
	case json.Number:
		if len(v) >= containedFrom {
			s[v.String()] = true
		}
	case map[string]any:
		for _, e := range v {
			s.all(e)
		}
	case []any:
		for _, e := range v {
			s.all(e)
		}
	}
}

// text is a value as a reader may see it.
func (s secrets) text(v any) string {
	t := scalar(v)
	if s.in(t) {
		return Sensitive
	}
	return t
}

func (s secrets) in(t string) bool {
	if s[t] {
		return true
	}
	for secret := range s {
		if len(secret) >= containedFrom && strings.Contains(t, secret) {
			return true
		}
	}
	return false
}
