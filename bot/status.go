package bot

import (
	"context"
	"fmt"
	"slices"
	"time"

	"interlock/agent"
)

// ModelState is how one of the models is doing.
type ModelState struct {
	Name  string
	Open  bool      // it failed too often and is not asked before Until
	Until time.Time // when it is asked again
	Last  string    // its last failure
}

// status shows what runs, what waits, and what it costs. Requests of other
// channels are counted, never shown.
func (in *Inbox) status(ctx context.Context, c Command) (Reply, error) {
	jobs, err := in.Records.Running(ctx, c.Org)
	if err != nil {
		return Reply{}, fmt.Errorf("list jobs: %w", err)
	}
	resting, err := in.Records.Resting(ctx, c.Org)
	if err != nil {
		return Reply{}, fmt.Errorf("list jobs: %w", err)
	}
	here, elsewhere, err := in.waiting(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	ice, err := in.ice(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	bills, err := in.bills(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	mine := slices.DeleteFunc(slices.Clone(jobs), func(j agent.Job) bool { return j.Thread.Room() != c.Thread.Room() })
	card := &Card{Title: "Status", Fields: []Field{
		{"Running here", count(len(mine), "request")},
		{"Running elsewhere", count(len(jobs)-len(mine), "request")},
		{"Waiting here", count(len(here), "card")},
		{"Waiting elsewhere", count(elsewhere, "card")},
	}}
	card.Fields = append(card.Fields, ice.fields()...)
	for _, j := range mine {
		what, _ := order(j.Text)
		card.Fields = append(card.Fields, Field{j.Actor.Name, plain(what)})
	}
	card.Fallback = fmt.Sprintf("Status: %s running, %s waiting", count(len(jobs), "request"), count(len(here)+elsewhere, "card"))
	if text := ice.line(); text != "" {
		card.Fallback += ", " + text
	}
	if len(resting) > 0 {
		card.Fields = append(card.Fields, Field{"Waiting for a model", fmt.Sprintf("%s, next try at %s", count(len(resting), "request"), clock(resting[0].After))})
		card.Fallback += ", " + count(len(resting), "request") + " waiting for a model"
	}
	card.Fields = slices.Concat(card.Fields, in.models(), bills)
	return Reply{Note: card}, nil
}

// models tells of each model whether it is asked.
func (in *Inbox) models() (fields []Field) {
	if in.Models == nil {
		return nil
	}
	for _, m := range in.Models() {
		text := m.Name + ", reachable"
		if m.Open {
			text = m.Name + ", resting until " + clock(m.Until) + reason(m.Last)
		}
		fields = append(fields, Field{"Model", text})
	}
	return fields
}

// bills are what models cost: the Org this month, this thread, and who asks.
func (in *Inbox) bills(ctx context.Context, c Command) ([]Field, error) {
	if in.Bills == nil || in.Spending == nil {
		return nil, nil
	}
	sp, month := in.Spending(c.Org), agent.Month(time.Now())
	var fields []Field
	for _, q := range []struct {
		name   string
		filter agent.BillFilter
		limit  agent.Money
	}{
		{"Models this month", agent.BillFilter{From: month}, sp.Month},
		{"This thread", agent.BillFilter{Thread: c.Thread}, 0},
		{"You, this month", agent.BillFilter{From: month, Person: in.who(ctx, c.Actor).Subject()}, 0},
	} {
		sum, err := in.Bills.Billed(ctx, c.Org, q.filter)
		if err != nil {
			return nil, fmt.Errorf("read bills: %w", err)
		}
		fields = append(fields, Field{q.name, billed(sum, sp.Currency, q.limit)})
	}
	return fields, nil
}

// billed says a sum, how much of the cap it is, and the tokens.
func billed(sum agent.Sum, currency string, limit agent.Money) string {
	text := "nothing"
	if sum.Replies > 0 {
		text = price(sum.Cost, sum.Unpriced, currency)
	}
	if limit > 0 {
		text = fmt.Sprintf("%s of %s, %d%%", sum.Cost, agent.Spending{Currency: currency}.Say(limit), 100*sum.Cost/limit) + missing(sum.Unpriced)
	}
	if limit > 0 && sum.Cost >= limit {
		text += ", so no model is asked until the month ends (UTC)"
	}
	if sum.Replies > 0 {
		text += "; " + tokens(sum.Usage)
	}
	return text
}
