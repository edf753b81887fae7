package teams

import (
	"regexp"
	"strings"
	"time"

	"interlock/bot"
)

// look is how a text stands out. Its words are those of Adaptive Cards; a
// TextBlock knows neither of the last two.
type look struct {
	Size     string `json:"size,omitempty"`
	Weight   string `json:"weight,omitempty"`
	Color    string `json:"color,omitempty"`
	FontType string `json:"fontType,omitempty"`
	Subtle   bool   `json:"isSubtle,omitempty"`
	Italic   bool   `json:"italic,omitempty"`
	Struck   bool   `json:"strikethrough,omitempty"`
}

const (
	bold      = "Bolder"
	monospace = "Monospace"
)

// run is a text in which Teams looks for no Markdown.
type run struct {
	Type string `json:"type"`
	Text string `json:"text"`
	look
}

// element is an element of Adaptive Cards 1.5, of any of the kinds that we draw.
type element struct {
	Type string `json:"type"`
	ID   string `json:"id,omitempty"`
	Text string `json:"text,omitempty"`
	look
	Wrap    bool   `json:"wrap,omitempty"`
	Style   string `json:"style,omitempty"`
	Width   string `json:"width,omitempty"`
	Spacing string `json:"spacing,omitempty"`
	Divided bool   `json:"separator,omitempty"`
	Bleed   bool   `json:"bleed,omitempty"`
	Visible *bool  `json:"isVisible,omitempty"`

	URL    string  `json:"url,omitempty"`
	Alt    string  `json:"altText,omitempty"`
	Expand *expand `json:"msTeams,omitempty"`

	Inlines []run     `json:"inlines,omitempty"`
	Items   []element `json:"items,omitempty"`
	Columns []element `json:"columns,omitempty"`
	Actions []action  `json:"actions,omitempty"`

	Label     string `json:"label,omitempty"`
	Value     string `json:"value,omitempty"`
	Required  bool   `json:"isRequired,omitempty"`
	Complaint string `json:"errorMessage,omitempty"`
	Multiline bool   `json:"isMultiline,omitempty"`
	MaxLength int    `json:"maxLength,omitempty"`
}

// action is what a button does.
type action struct {
	Type     string   `json:"type"`
	Title    string   `json:"title"`
	Tooltip  string   `json:"tooltip,omitempty"`
	Style    string   `json:"style,omitempty"`
	Verb     string   `json:"verb,omitempty"`
	Data     *carried `json:"data,omitempty"`
	Targets  []string `json:"targetElements,omitempty"`
	Fallback *action  `json:"fallback,omitempty"`
}

// runs are a text as it is. Two opening braces begin a function of Teams' even
// here, so that they are taken apart; moments are in UTC.
func runs(s string, l look) (all []run) {
	for s = bot.Moments(s, nil); s != ""; {
		n := len(s)
		if at := strings.Index(s, "{{"); at >= 0 {
			n = at + 1
		}
		all = append(all, run{"TextRun", s[:n], l})
		s = s[n:]
	}
	return all
}

// rich is one block of runs, or none for no words.
func rich(all []run) []element {
	if len(all) == 0 {
		return nil
	}
	return []element{{Type: "RichTextBlock", Inlines: all}}
}

// A TextBlock looks for Markdown, and only there Teams writes a moment in the
// reader's zone. Nobody says how all of its clients read an escaped sign, so that
// none is written: only a tame text stands there.
var (
	tame = regexp.MustCompile(`^[\pL\pN][\pL\pN ,.;:?!'"/()%+=…→-]*$`)
	wild = regexp.MustCompile(`^\d+[.)]|//|:[\pL+-]|www\.`)
)

func isTame(s string) bool {
	s = bot.Moments(s, func(t time.Time, utc string) string {
		if localTime(t, utc) == utc {
			return utc
		}
		return "at"
	})
	return tame.MatchString(s) && !wild.MatchString(s)
}

// words are a text, with its moments in the reader's zone wherever that is safe.
func words(s string, l look) []element {
	shown := bot.Moments(s, localTime)
	if shown == bot.Moments(s, nil) || !isTame(s) {
		return rich(runs(s, l))
	}
	return []element{{Type: "TextBlock", Text: shown, look: l, Wrap: true}}
}

// heading is a title that a screen reader finds as one, wherever that is safe.
func heading(s string) []element {
	l := look{Size: "Large", Weight: bold}
	if !isTame(s) {
		return rich(runs(s, l))
	}
	return []element{{Type: "TextBlock", Text: bot.Moments(s, localTime), look: l, Wrap: true, Style: "heading"}}
}

// localTime is a moment as Teams writes it for each reader.
func localTime(t time.Time, utc string) string {
	if y := t.Year(); y < 1 || y > 9999 {
		return utc
	}
	at := t.Format(time.RFC3339)
	return "{{DATE(" + at + ", SHORT)}} {{TIME(" + at + ")}}"
}

// container holds elements, or is none without any.
func container(style string, items []element) []element {
	if len(items) == 0 {
		return nil
	}
	return []element{{Type: "Container", Style: style, Items: items}}
}

// spaced sets what stands between the first of some elements and what is above.
func spaced(spacing string, all []element) []element {
	if len(all) > 0 {
		all[0].Spacing = spacing
	}
	return all
}
