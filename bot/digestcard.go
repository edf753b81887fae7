package bot

import (
	"slices"
	"strings"
	"time"

	"interlock/agent"
)

const (
	verbMore    = "digest-more"
	verbWhyCard = "why-card"
	labelMore   = "Everything else"
)

// mostNamed is how many things of a kind a digest names; the rest is counted.
const mostNamed = 5

// digestCard is the morning report, in the order in which it is needed: what waits for a
// person first, what only the curious read behind one button.
func digestCard(r agent.Report) Card {
	c := Card{Title: "Digest: " + plain(r.Name), Tone: Good, Status: "nothing needs a person", Pictures: digestPictures(r)}
	if status := digestStatus(r); status != "" {
		c.Tone, c.Status = Waiting, status
	}
	if len(r.Unsure) > 0 {
		c.Tone = Bad
	}
	if r.Unapproved > 0 {
		c.Tone, c.Status = Bad, count(r.Unapproved, "unapproved change")
	}
	c.Fields = slices.Concat(unsureFields(r), waitingFields(r), frozenFields(r.Frozen, r.Left.Frozen, heldText(r.Held, 0)),
		[]Field{{"What happened", "since " + clockFrom(r.Until, r.From) + ": " + nightText(r)}}, driftedFields(r),
		lateFields(r), []Field{{"Models", billed(r.Spent, r.Currency, r.Cap)}}, dutyFields(r), headFields(r, short(r.Head)))
	for _, w := range r.Waiting[:min(len(r.Waiting), mostNamed)] {
		if w.Code != "" {
			c.Buttons = append(c.Buttons, Button{Label: "Why " + w.Code + "?", Verb: verbWhyCard, Value: w.Hold + "." + w.Code, Opens: true})
		}
	}
	c.Buttons = append(c.Buttons, putBackButtons(r)...)
	c.Buttons = append(c.Buttons, Button{Label: labelMore, Verb: verbMore, Value: r.Until.UTC().Format(time.RFC3339Nano), Opens: true})
	c.Fallback = c.Title + ": " + c.Status + ". " + Moments(nightText(r), nil)
	return c
}

// digestStatus counts what needs a look, or is empty when all is well.
func digestStatus(r agent.Report) string {
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{
		{r.Needs, needsText(r)},
		{r.Held, heldText(r.Held, 0)},
		{r.Expired, count(r.Expired, "card") + " ended unanswered"},
		{len(r.GaveUp), count(len(r.GaveUp)+r.Left.GaveUp, "request") + " failed"},
		{r.Blind, count(r.Blind, "scan") + " could not look"},
		{len(r.Late), count(len(r.Late)+r.Left.Late, "schedule") + " did not run well"},
	} {
		if p.n > 0 {
			parts = append(parts, p.what)
		}
	}
	return strings.Join(parts, ", ")
}

// putBackButtons are for the first stacks that nobody has taken, and nothing puts right.
func putBackButtons(r agent.Report) (all []Button) {
	const most = 2
	for _, d := range r.Drifts {
		if d.Free && d.Fixing == "" && len(all) < most {
			all = append(all, Button{Label: "Put back " + d.Stack, Verb: verbFix, Value: d.Stack})
		}
	}
	return all
}
