package bot

import (
	"context"
	"time"
)

// overdue is how old work in the queue may be before it is called late.
const overdue = time.Minute

// health is how the bot itself is. Whoever sees it has had an answer of the
// database.
func (v view) health(ctx context.Context) []Placed {
	c := Card{Title: "Health", Status: "well", Tone: Good, Fields: append([]Field{{"Database", "answers"}}, v.models()...)}
	for _, m := range v.modelStates() {
		if m.Open {
			c.Status, c.Tone = "a model rests", Waiting
		}
	}
	if v.Oldest != nil {
		text := "nothing waits"
		switch age, err := v.Oldest(ctx, v.org); {
		case err != nil:
			text, c.Status, c.Tone = "could not be read", "the queue could not be read", Bad
		case age > overdue:
			text, c.Status, c.Tone = "the oldest work has waited "+took(age), "work waits", Bad
		case age > 0:
			text = "the oldest work has waited " + took(age)
		}
		c.Fields = append(c.Fields, Field{"Queue", text})
	}
	c.Fallback = c.Title + ": " + c.Status
	return []Placed{{Card: c}}
}

func (in *Inbox) modelStates() []ModelState {
	if in.Models == nil {
		return nil
	}
	return in.Models()
}

// unwell is all of a Home that could not be read.
func unwell() Card {
	const text = "The database does not answer, so nothing can be shown or decided here. Open this page again in a minute; whoever runs Interlock finds the cause in its log."
	return Card{Title: "Not available just now", Tone: Bad, Body: text, Fallback: "Not available just now: " + text}
}
