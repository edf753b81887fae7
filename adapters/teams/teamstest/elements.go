package teamstest

import "fmt"

// element is what a kind of element must have, and what is inside of it.
type element struct {
	needs []string
	parts []string // that hold elements
}

// elements are all of version 1.5, by their types.
var elements = map[string]element{
	"TextBlock":       {needs: []string{"text"}},
	"Image":           {needs: []string{"url"}},
	"Media":           {needs: []string{"sources"}},
	"RichTextBlock":   {needs: []string{"inlines"}},
	"ActionSet":       {needs: []string{"actions"}},
	"Container":       {needs: []string{"items"}, parts: []string{"items"}},
	"ColumnSet":       {},
	"FactSet":         {needs: []string{"facts"}},
	"ImageSet":        {needs: []string{"images"}, parts: []string{"images"}},
	"Table":           {},
	"Input.Text":      {needs: []string{"id"}},
	"Input.Number":    {needs: []string{"id"}},
	"Input.Date":      {needs: []string{"id"}},
	"Input.Time":      {needs: []string{"id"}},
	"Input.Toggle":    {needs: []string{"id", "title"}},
	"Input.ChoiceSet": {needs: []string{"id"}},
}

// words are the values of keys that take one of a few, in lower case.
var words = map[string][]string{
	"weight":              {"default", "lighter", "bolder"},
	"color":               {"default", "dark", "light", "accent", "good", "warning", "attention"},
	"fontType":            {"default", "monospace"},
	"spacing":             {"default", "none", "small", "medium", "large", "extralarge", "padding"},
	"horizontalAlignment": {"left", "center", "right"},
}

// inside checks what only some elements have.
func (c *checker) inside(at string, el node) {
	switch el.text("type") {
	case "ColumnSet":
		c.inner(at+".columns", el, "columns", "Column", "items")
	case "Table":
		for i, row := range el.nodes("rows") {
			c.inner(fmt.Sprintf("%s.rows[%d].cells", at, i), row, "cells", "TableCell", "items")
		}
	case "FactSet":
		c.facts(at, el)
	case "RichTextBlock":
		c.inlines(at, el)
	case "Input.ChoiceSet":
		c.options(at, el)
	case "Input.Text":
		if el["inlineAction"] != nil {
			c.action(at+".inlineAction", el.node("inlineAction"), true)
		}
	}
}

// inner checks parts that are no elements themselves, but hold some.
func (c *checker) inner(at string, parent node, key, kind, part string) {
	for i, n := range parent.nodes(key) {
		here := fmt.Sprintf("%s[%d]", at, i)
		if t := n.text("type"); t != kind && t != "" {
			c.fail(here+".type", "must be %s, not %q", kind, t)
		}
		c.named(here, n)
		c.elements(here+"."+part, n, part)
		c.selected(here, n)
	}
}

// facts checks a FactSet.
func (c *checker) facts(at string, el node) {
	for i, f := range el.list("facts") {
		fact := asNode(f)
		c.needs(fmt.Sprintf("%s.facts[%d]", at, i), fact, []string{"title", "value"})
		c.texts = append(c.texts, fact.text("title"), fact.text("value"))
	}
}

// inlines checks a RichTextBlock, whose parts are texts or TextRuns.
func (c *checker) inlines(at string, el node) {
	for i, v := range el.list("inlines") {
		here := fmt.Sprintf("%s.inlines[%d]", at, i)
		run := asNode(v)
		if text, ok := v.(string); ok {
			c.texts = append(c.texts, text)
			continue
		}
		if run.text("type") != "TextRun" {
			c.fail(here+".type", "must be TextRun")
		}
		c.needs(here, run, []string{"text"})
		c.choices(here, run)
		c.texts = append(c.texts, run.text("text"))
		c.selected(here, run)
	}
}

// options checks an Input.ChoiceSet.
func (c *checker) options(at string, el node) {
	for i, o := range el.list("choices") {
		c.needs(fmt.Sprintf("%s.choices[%d]", at, i), asNode(o), []string{"title", "value"})
	}
}
