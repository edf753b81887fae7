package teams

import (
	"cmp"
	"encoding/json"
	"strings"

	"interlock/bot"
)

// The limits of what we draw. Teams takes 100 kB of a message, and says that it
// is safe with 80 kB in UTF-16; connectors and old clients cut at 28 kB. A card
// keeps to the smallest, and leaves room there for what it is sent in.
const (
	mostBytes   = 26000 // of a card as JSON
	mostSummary = 1000  // bytes of what a notification shows
	mostRefresh = 6500  // bytes of the people whose clients ask by themselves
	mostPeople  = 60    // of them: Teams' own limit
)

// drawing is a card as Teams takes it. Summary alone is enough for a notification
// and a screen reader; it is plain text. Rest is the whole card as plain text, for
// a file, when the card does not hold all of it.
type drawing struct {
	Summary string
	Card    json.RawMessage
	Rest    string
}

// view is for whom a card is drawn. Everyone leaves the buttons out that decide
// and puts one there with which a person asks for their own view. Refresh are the
// ids of those whose clients ask by themselves, at most 60 of them.
type view struct {
	At       spot
	Everyone bool
	Refresh  []string
}

// adaptive is an Adaptive Card.
type adaptive struct {
	Schema   string    `json:"$schema"`
	Type     string    `json:"type"`
	Version  string    `json:"version"`
	Fallback string    `json:"fallbackText,omitempty"`
	Teams    width     `json:"msteams"`
	Refresh  *refresh  `json:"refresh,omitempty"`
	Body     []element `json:"body"`
	Actions  []action  `json:"actions,omitempty"`
}

type width struct {
	Width string `json:"width"`
}

type refresh struct {
	Action action   `json:"action"`
	People []string `json:"userIds"`
}

// sheet is an Adaptive Card without anything on it.
func sheet(fallback string) adaptive {
	return adaptive{
		Schema: "https://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.5",
		Fallback: fallback, Teams: width{"Full"}, Body: []element{},
	}
}

// draw makes a message of a card. It keeps every limit; buttons, facts and status
// are the last to be cut.
func draw(c bot.Card, v view) drawing { return drawn("", c, v) }

// note makes what one person alone sees: words, a card, or both.
func note(text string, c *bot.Card, v view) drawing {
	if c == nil {
		return drawn("", bot.Card{Body: text, Fallback: text}, v)
	}
	return drawn(text, *c, v)
}

func drawn(above string, c bot.Card, v view) drawing {
	d := drawing{Summary: spoken(above, c)}
	fallback, _ := shortened(d.Summary, mostSummary/4)
	a := sheet(fallback)
	a.Refresh = v.refresh(c)
	text, whole := shortened(bot.Sound(above), 4000)
	a.Body = append(a.Body, words(text, look{})...)
	body, all := fitted(c, v, mostBytes-size(a))
	a.Body = append(a.Body, body...)
	if c.Marker != "" && len(a.Body) > 0 {
		a.Body[0].ID = c.Marker // by it a message is found again
	}
	d.Card = encoded(a)
	if !whole || !all {
		d.Rest = strings.TrimSpace(bot.Moments(bot.Sound(above), nil) + "\n\n" + c.Written())
	}
	return d
}

// spoken is the first text that is there, and what was said above it.
func spoken(above string, c bot.Card) string {
	if c.Fallback == above {
		above = ""
	}
	text := cmp.Or(bot.Sound(c.Fallback), bot.Sound(c.Title), bot.Sound(c.Body), "Interlock")
	text, _ = shortened(bot.Moments(strings.TrimSpace(bot.Sound(above)+"\n"+text), nil), mostSummary)
	return text
}

// encoded is JSON of what holds strings and numbers alone, which cannot fail.
func encoded(v any) json.RawMessage {
	b, _ := json.Marshal(v)
	return b
}

func size(v any) int { return len(encoded(v)) }
