package bot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// digestPictures are the month, each with its numbers in words.
func digestPictures(r agent.Report) (all []Picture) {
	from := r.Until.AddDate(0, 0, -30)
	if len(r.Trend) > 1 {
		p := Picture{Title: "Drift, 30 days", Unit: "findings", From: from, Until: r.Until, Lines: []Series{{Name: "open"}}}
		most := 0
		for _, d := range r.Trend {
			p.Lines[0].Points = append(p.Lines[0].Points, Point{d.Day, float64(d.N)})
			most = max(most, d.N)
		}
		p.Alt = fmt.Sprintf("Open findings of drift over 30 days: now %d, at most %d.", r.Trend[len(r.Trend)-1].N, most)
		all = append(all, p)
	}
	const fewest = 3 // days: less is one stroke, from which nobody learns anything
	days := map[time.Time]bool{}
	for _, a := range r.Answers {
		days[a.At.UTC().Truncate(24*time.Hour)] = true
	}
	if len(days) >= fewest {
		all = append(all, pacePicture(r, from))
	}
	return all
}

// more tells one person what a digest of their thread left out: the one that tells up to
// the moment on the button.
func (in *Inbox) more(ctx context.Context, c Click) (Reply, error) {
	if d := in.mayRead(ctx, Command{Org: c.Org, Thread: c.Thread, Actor: c.Actor}); d.Outcome != rbac.Allow {
		return said("Refused: " + d.Why() + "."), nil
	}
	s, err := in.Control.Store.Open(ctx, c.Org, c.Thread)
	if err != nil {
		return Reply{}, fmt.Errorf("open session: %w", err)
	}
	for _, ev := range slices.Backward(s.Events) {
		if r := ev.Payload.Report; r != nil && r.Until.UTC().Format(time.RFC3339Nano) == c.Value {
			return Reply{Note: moreCard(*r)}, nil
		}
	}
	return said("This digest is not on record any more."), nil
}

func moreCard(r agent.Report) *Card {
	c := &Card{Title: "Everything else", Fields: []Field{
		{"Requests that ended", fmt.Sprint(r.Runs)},
		{"Requests that failed", fmt.Sprint(len(r.GaveUp) + r.Left.GaveUp)},
		{"Scans that could look", fmt.Sprint(r.Looks)},
		{"Scans that could not", fmt.Sprint(r.Blind)},
	}}
	c.Fields = append(c.Fields, frozenFields(r.Frozen, r.Left.Frozen, heldText(r.Held, 0))...)
	for _, why := range r.GaveUp[:min(len(r.GaveUp), mostNamed)] {
		c.Fields = append(c.Fields, Field{"Failed", plain(why)})
	}
	changes := r.Changes[:min(len(r.Changes), 2*mostNamed)]
	for _, ch := range changes {
		text := ended(ch) + " at " + clockFrom(r.Until, ch.At) + ", asked by " + plain(ch.By)
		if ch.Yes != "" {
			text += ", approved by " + plain(ch.Yes)
		}
		c.Fields = append(c.Fields, Field{cmp.Or(ch.Stack, "A change"), text})
	}
	if n := len(r.Changes) + r.Left.Changes - len(changes); n > 0 {
		c.Fields = append(c.Fields, Field{"Further changes", fmt.Sprint(n)})
	}
	c.Fields = append(c.Fields, headFields(r, r.Head)...)
	for _, d := range r.Drifts {
		for _, f := range d.Some {
			c.Lines = append(c.Lines, Line{Action: [...]string{"drift", "taken", "accepted"}[judged(f)], Resource: d.Stack + " " + plain(f.Resource), Attribute: plain(f.Attribute)})
		}
	}
	c.Fallback = fmt.Sprintf("%s: %s ended, %s", c.Title, count(r.Runs, "request"), count(r.Looks+r.Blind, "scan"))
	return c
}

// digest starts the report of this room as it is now. It is counted by a job: a busy
// day's log takes longer to read than a chat waits for an answer.
func (in *Inbox) digest(ctx context.Context, c Command) (Reply, error) {
	m := Mention{ID: c.ID, Org: c.Org, Thread: c.Thread, Actor: c.Actor}
	d := agent.Digest{Name: "since yesterday", At: time.Now(), Past: 24 * time.Hour}
	return Reply{}, in.enqueue(ctx, m, agent.Job{Digest: &d})
}
