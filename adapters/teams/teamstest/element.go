package teamstest

import (
	"fmt"
	"slices"
	"strings"
)

// elements checks what is in a part of a card.
func (c *checker) elements(at string, parent node, key string) {
	if parent[key] == nil {
		return
	}
	list, ok := parent[key].([]any)
	if !ok {
		c.fail(at, "must be an array")
	}
	for i, v := range list {
		here := fmt.Sprintf("%s[%d]", at, i)
		if el := asNode(v); el != nil {
			c.element(here, el)
			continue
		}
		c.fail(here, "must be an object")
	}
}

// deeper runs a check of what is inside of something.
func (c *checker) deeper(at string, run func()) {
	if c.depth++; c.depth > deepestCard {
		c.fail(at, "is too deep")
	} else {
		run()
	}
	c.depth--
}

// element checks one.
func (c *checker) element(at string, el node) {
	k, known := elements[el.text("type")]
	switch {
	case known:
	case el["fallback"] != nil:
		if fb := asNode(el["fallback"]); fb != nil {
			c.deeper(at, func() { c.element(at+".fallback", fb) })
		}
		return
	default:
		c.fail(at+".type", "there is no element %q", el.text("type"))
		return
	}
	c.named(at, el)
	c.needs(at, el, k.needs)
	c.choices(at, el)
	c.texts = append(c.texts, el.text("text"), el.text("label"), el.text("title"))
	c.deeper(at, func() {
		for _, part := range k.parts {
			c.elements(at+"."+part, el, part)
		}
		c.actions(at+".actions", el, "actions")
		c.selected(at, el)
		c.inside(at, el)
	})
}

// named checks that an id is there once.
func (c *checker) named(at string, n node) {
	id := n.text("id")
	if id == "" {
		return
	}
	if c.ids[id] {
		c.fail(at+".id", "%q is there twice", id)
	}
	c.ids[id] = true
}

// needs checks what must be there.
func (c *checker) needs(at string, n node, keys []string) {
	for _, k := range keys {
		if v := n[k]; v == nil || v == "" {
			c.fail(at+"."+k, "is missing")
		}
	}
}

// choices checks words that are from a list. Cards do not mind their case.
func (c *checker) choices(at string, n node) {
	for key, words := range words {
		v, there := n[key]
		text, isText := v.(string)
		if there && isText && !slices.Contains(words, strings.ToLower(text)) {
			c.fail(at+"."+key, "%q is none of %v", text, words)
		}
	}
}
