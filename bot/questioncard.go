package bot

import (
	"fmt"

	"interlock/agent"
)

// questionCard asks people, and shows who answered what.
func questionCard(h agent.Hold) Card {
	q := h.Question
	c := Card{Title: plain(q.Text), Status: h.State.String(), Tone: Waiting}
	switch h.State {
	case agent.Open:
		c.Status = "waiting for an answer"
		c.Next = "Without an answer until " + until(h) + ": " + plain(q.Otherwise) + "."
		for _, o := range q.Choices {
			c.Buttons = append(c.Buttons, Button{Label: plain(o), Verb: verbAnswer, Value: h.ID})
		}
	case agent.Answered:
		c.Tone = Good
		c.Fields = []Field{{plain(q.By.Name), plain(q.Answer)}}
	default:
		c.Tone = Neutral
		c.Next = plain(q.Otherwise)
	}
	c.Fallback = Moments(fmt.Sprintf("%s: %s (until %s, otherwise: %s)", upper(c.Status), c.Title, until(h), plain(q.Otherwise)), nil)
	return c
}
