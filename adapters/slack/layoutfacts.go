package slack

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"interlock/bot"
)

const (
	firstFacts = 6  // stand above the buttons
	allFacts   = 60 // are shown at all
	wideFact   = 44 // characters, from which on a fact has a row to itself
)

// table shows facts in their order: short ones as fields, two in a row where
// there is room, and each other one in rows of its own.
func (l *layout) table(facts []bot.Field) (blocks []slack.Block) {
	var rows []string
	for len(facts) > 0 {
		n := 0
		for n < len(facts) && !isWide(facts[n]) {
			n++
		}
		if n < 2 { // a column alone is half of nothing
			rows, facts = append(rows, l.fact(facts[0])), facts[1:]
			continue
		}
		blocks = slices.Concat(blocks, sections(rows), l.fields(facts[:n]))
		rows, facts = nil, facts[n:]
	}
	return append(blocks, sections(rows)...)
}

func (l *layout) fields(facts []bot.Field) (blocks []slack.Block) {
	for some := range slices.Chunk(facts, mostFacts) {
		var all []*slack.TextBlockObject
		for _, f := range some {
			all = append(all, verbatim(l.fact(f)))
		}
		blocks = append(blocks, slack.NewSectionBlock(nil, all, nil))
	}
	return blocks
}

func sections(texts []string) (blocks []slack.Block) {
	for _, text := range packed(texts, mostSection) {
		blocks = append(blocks, slack.NewSectionBlock(verbatim(text), nil, nil, slack.SectionBlockOptionExpand(true)))
	}
	return blocks
}

// missing says how many facts are not shown.
func (l *layout) missing(n int) []slack.Block {
	if n == 0 {
		return nil
	}
	l.cut = true
	return []slack.Block{aside(fmt.Sprintf("and %d more", n), mostLabel)}
}

// fact is one name and its value, within the limit of a field.
func (l *layout) fact(f bot.Field) string {
	name := literal(strings.TrimSuffix(l.short(f.Name, 4), ":"))
	if name != "" && !strings.HasPrefix(name, "`") {
		name = "*" + name + ":*"
	}
	for most := min(mostFact, 4*l.most); ; most = most * 9 / 10 {
		value, whole := shortened(f.Value, most)
		if text := strings.TrimSpace(name + " " + literal(value)); len(text) <= mostFact {
			l.cut = l.cut || !whole
			return orElse(text, "-")
		}
	}
}

// isWide tells whether a fact is too long for a column beside others.
func isWide(f bot.Field) bool {
	return strings.Contains(f.Value, "\n") || utf8.RuneCountInString(f.Name+bot.Moments(f.Value, nil)) > wideFact
}

// packed joins texts to as few as the limit allows.
func packed(all []string, most int) (packs []string) {
	for _, s := range all {
		if n := len(packs); n > 0 && len(packs[n-1])+len(s) < most {
			packs[n-1] += "\n" + s
			continue
		}
		packs = append(packs, s)
	}
	return packs
}
