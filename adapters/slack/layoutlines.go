package slack

import (
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"interlock/bot"
)

const (
	allLines     = 400 // are looked at
	longestValue = 160 // bytes of a value that a line shows
)

// code is a patch, in one block of code.
func (l *layout) code() []slack.Block {
	text := bot.Moments(l.short(l.card.Code, 1), nil)
	if text == "" {
		return nil
	}
	return []slack.Block{slack.NewRichTextBlock("", preformatted(text))}
}

// lines are what changes, in a block of code, in the card's order: it puts what
// destroys first, so that this is never what is cut.
func (l *layout) lines() []slack.Block {
	var text strings.Builder
	more := l.more
	for i, r := range l.rows {
		if text.Len()+escapedLen(r.String()) > l.most/3 {
			more, l.cut = more+len(l.rows)-i, true
			break
		}
		text.WriteString(r.String() + "\n")
	}
	var parts []slack.RichTextElement
	if text.Len() > 0 {
		parts = append(parts, preformatted(strings.TrimSuffix(text.String(), "\n")))
	}
	if more > 0 {
		parts = append(parts, slack.NewRichTextSection(spans(fmt.Sprintf("and %d more lines", more), style{Bold: true})...))
	}
	if len(parts) == 0 {
		return nil
	}
	return []slack.Block{slack.NewRichTextBlock("", parts...)}
}
