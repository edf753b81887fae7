package slack

import (
	"strings"
	"time"

	"github.com/slack-go/slack"

	"interlock/bot"
)

// Rich text has no markup at all: what stands in a text element is shown as it
// is, so foreign text goes there wherever Slack has it.

type (
	span  = slack.RichTextSectionElement
	style = slack.RichTextSectionTextStyle
)

// gap stands for a moment while a text is taken apart; sound leaves none behind.
const gap = "\x00"

// spans are a text and the moments in it.
func spans(s string, st style) (all []span) {
	var moments []span
	s = bot.Moments(s, func(t time.Time, utc string) string {
		d := slack.NewRichTextSectionDateElement(t.Unix(), dateFormat, nil, &utc)
		d.Style = styled(st)
		moments = append(moments, d)
		return gap
	})
	for i, text := range strings.Split(s, gap) {
		if i > 0 {
			all = append(all, moments[i-1])
		}
		if text != "" {
			all = append(all, slack.NewRichTextSectionTextElement(text, styled(st)))
		}
	}
	return all
}

// joinedSpans puts a separator between rows of spans.
func joinedSpans(rows [][]span, sep string) (all []span) {
	for i, r := range rows {
		if i > 0 {
			all = append(all, spans(sep, style{})...)
		}
		all = append(all, r...)
	}
	return all
}

// styled leaves out a style that says nothing: Slack refuses an empty one.
func styled(st style) *style {
	if st == (style{}) {
		return nil
	}
	return &st
}

// paragraph is one block of rich text, or none for no words.
func paragraph(all []span) []slack.Block {
	if len(all) == 0 {
		return nil
	}
	return []slack.Block{slack.NewRichTextBlock("", slack.NewRichTextSection(all...))}
}

// preformatted is text in which every blank counts.
func preformatted(text string) *slack.RichTextPreformatted {
	return &slack.RichTextPreformatted{Type: slack.RTEPreformatted, Elements: []span{slack.NewRichTextSectionTextElement(text, nil)}}
}

// aside is a line in small print.
func aside(text string, most int) slack.Block {
	return slack.NewContextBlock("", plainText(text, most))
}
