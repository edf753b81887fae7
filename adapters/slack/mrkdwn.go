package slack

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"interlock/bot"
)

// Slack has a block of its own for Markdown, but does not say what it makes of a
// mention or an address in it. So the model's words become rich text, in which
// nothing is looked for: no mention, no link, no emoji.

// proseSays stands above the model's words. A bar beside them shows where they
// end, so that they cannot pass for a card.
const proseSays = "The agent's words"

// bar is the width of the bar beside the model's words.
const bar = 1

var (
	proseFence = regexp.MustCompile("^\\s{0,6}(?:```|~~~)")
	proseHead  = regexp.MustCompile(`^\s{0,3}#{1,6}\s+(.+?)\s*#*$`)
	proseItem  = regexp.MustCompile(`^(\s*)(?:[-*+]|(\d{1,3})[.)])\s+(.+)$`)
	proseQuote = regexp.MustCompile(`^\s{0,3}>\s?`)
	proseRule  = regexp.MustCompile(`^\s{0,3}(?:-\s*){3,}$|^\s{0,3}(?:\*\s*){3,}$|^\s{0,3}(?:_\s*){3,}$`)
)

// mrkdwn draws the model's Markdown.
func mrkdwn(markdown string) []slack.Block {
	p := &proseWriter{lines: strings.Split(bot.Sound(bot.Moments(markdown, nil)), "\n")}
	for len(p.lines) > 0 {
		p.block()
	}
	p.close()
	if len(p.parts) == 0 {
		return nil
	}
	return []slack.Block{aside(proseSays, mostLabel), slack.NewRichTextBlock("", p.parts...)}
}

// proseWriter takes Markdown apart. Paragraphs that follow each other are one
// quotation, which is open as long as it may go on.
type proseWriter struct {
	lines []string
	parts []slack.RichTextElement
	open  []span
}

// block takes one block off the lines.
func (p *proseWriter) block() {
	switch l := p.lines[0]; {
	case strings.TrimSpace(l) == "", proseRule.MatchString(l):
		p.lines = p.lines[1:]
	case proseFence.MatchString(l):
		p.fence()
	case isTable(p.lines):
		p.table()
	case proseItem.MatchString(l):
		p.items()
	case proseHead.MatchString(l):
		p.say(inline(proseHead.FindStringSubmatch(l)[1], style{Bold: true}))
		p.lines = p.lines[1:]
	default:
		p.paragraph()
	}
}

// say adds a paragraph.
func (p *proseWriter) say(all []span) {
	if len(p.open) > 0 && len(all) > 0 {
		p.open = append(p.open, spans("\n\n", style{})...)
	}
	p.open = append(p.open, all...)
}

func (p *proseWriter) close() {
	if len(p.open) > 0 {
		p.parts = append(p.parts, &slack.RichTextQuote{Type: slack.RTEQuote, Elements: p.open})
	}
	p.open = nil
}

func (p *proseWriter) code(text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	p.close()
	e := preformatted(text)
	e.Border = bar
	p.parts = append(p.parts, e)
}

func (p *proseWriter) fence() {
	rest := p.lines[1:]
	n := 0
	for n < len(rest) && !proseFence.MatchString(rest[n]) {
		n++
	}
	p.code(strings.Join(rest[:n], "\n"))
	p.lines = rest[min(n+1, len(rest)):]
}

// items are lists; each step of indentation or change of kind is a list of its own.
func (p *proseWriter) items() {
	p.close()
	var last *slack.RichTextList
	for len(p.lines) > 0 {
		got := proseItem.FindStringSubmatch(p.lines[0])
		if got == nil || proseRule.MatchString(p.lines[0]) {
			return
		}
		kind, indent := slack.RTEListBullet, min(len(got[1])/2, 6)
		number, err := strconv.Atoi(got[2])
		if err == nil {
			kind = slack.RTEListOrdered
		}
		if last == nil || last.Style != kind || last.Indent != indent {
			last = slack.NewRichTextList(kind, indent)
			last.Border, last.Offset = bar, max(0, number-1) // it goes on counting after what interrupted it
			p.parts = append(p.parts, last)
		}
		last.Elements = append(last.Elements, slack.NewRichTextSection(inline(got[3], style{})...))
		p.lines = p.lines[1:]
	}
}

// paragraph always takes its first line: block has looked at that one.
func (p *proseWriter) paragraph() {
	var rows [][]span
	for len(p.lines) > 0 && (len(rows) == 0 || !p.ends()) {
		rows = append(rows, inline(proseQuote.ReplaceAllString(strings.TrimSpace(p.lines[0]), ""), style{}))
		p.lines = p.lines[1:]
	}
	p.say(joinedSpans(rows, "\n"))
}

// ends tells whether the next line begins something else than a paragraph.
func (p *proseWriter) ends() bool {
	l := p.lines[0]
	return strings.TrimSpace(l) == "" || proseRule.MatchString(l) || proseFence.MatchString(l) ||
		proseItem.MatchString(l) || proseHead.MatchString(l) || isTable(p.lines)
}
