package agent

import (
	"context"
	"fmt"
	"strings"
	"time"

	"interlock/rbac"
)

// Money is in billionths of the unit of the price table, so that the price of
// one token is a whole number. An int64 holds nine thousand million units.
type Money int64

// Unit is one of the currency.
const Unit Money = 1_000_000_000

// String gives cents, or as many digits as a small sum needs to be seen.
func (m Money) String() string {
	switch {
	case m == 0:
		return "0"
	case m > -Unit/100 && m < Unit/100:
		return fmt.Sprintf("%.5f", float64(m)/float64(Unit))
	}
	return fmt.Sprintf("%.2f", float64(m)/float64(Unit))
}

// Price is what a million tokens of one model cost, by kind.
type Price struct{ Input, Output, CacheRead, CacheWrite Money }

// cost multiplies out; a million tokens at nine thousand units still fit.
func (p Price) cost(u Usage) Money {
	const million = 1_000_000
	return (p.Input*Money(u.Input) + p.Output*Money(u.Output) +
		p.CacheRead*Money(u.CacheRead) + p.CacheWrite*Money(u.CacheWrite)) / million
}

// Bill is what one reply cost. A model without a price costs nothing known:
// Priced is false, and every sum that it is in says so.
type Bill struct {
	Model  string
	Usage  Usage
	Cost   Money
	Priced bool
}

// Sum adds up bills. Unpriced counts those whose price is not known.
type Sum struct {
	Usage    Usage
	Cost     Money
	Replies  int
	Unpriced int
}

// Add puts one more bill to it.
func (s Sum) Add(b Bill) Sum {
	s.Usage, s.Cost, s.Replies = s.Usage.Plus(b.Usage), s.Cost+b.Cost, s.Replies+1
	if !b.Priced {
		s.Unpriced++
	}
	return s
}

// BillFilter says which bills: those of an Org from a moment on, only of a
// thread, and only of a person, when these are set.
type BillFilter struct {
	From   time.Time
	Thread Thread
	Person rbac.Subject
}

// Bills adds up what the events of an Org cost: each event with a Bill is one,
// written with the event. From is taken to the beginning of its UTC month
// unless Thread is set.
type Bills interface {
	Billed(ctx context.Context, org string, f BillFilter) (Sum, error)
}

// Month is the beginning of the month that a bill belongs to.
func Month(at time.Time) time.Time {
	at = at.UTC()
	return time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// Spending is what an Org may spend on models. Its zero value sets no cap.
type Spending struct {
	Prices   map[string]Price // by the model's name
	Currency string
	Month    Money // the cap of one month; 0 is none
}

// bill prices a reply.
func (s Spending) bill(model string, u Usage) *Bill {
	if u == (Usage{}) {
		return nil
	}
	p, ok := s.Prices[model]
	return &Bill{Model: model, Usage: u, Cost: p.cost(u), Priced: ok}
}

// Say writes a sum of money with its currency.
func (s Spending) Say(m Money) string { return strings.TrimSpace(m.String() + " " + s.Currency) }

// tellAt is the share of the cap, in hundredths, at which people are told.
const tellAt = 80

// capped tells why nothing more may be spent this month, if so, and the job
// that tells people that most of the cap is gone: one a month, by its id.
func (u *run) capped(ctx context.Context) (why string, tell []Job, err error) {
	sp := u.spending
	if sp.Month <= 0 || u.Bills == nil {
		return "", nil, nil
	}
	month := Month(u.clock())
	sum, err := u.Bills.Billed(ctx, u.s.Org, BillFilter{From: month})
	if err != nil {
		return "", nil, fmt.Errorf("read bills: %w", err)
	}
	next := month.AddDate(0, 1, 0).Format("2 January")
	if sum.Cost >= sp.Month {
		return fmt.Sprintf("this month's cap of %s for models is spent; it begins anew on %s (UTC), and an administrator can raise orgs.%s.spending.month",
			sp.Say(sp.Month), next, u.s.Org), nil, nil
	}
	if sum.Cost < sp.Month/100*tellAt {
		return "", nil, nil
	}
	return "", []Job{{
		ID: "spending/" + u.s.Org + "/" + month.Format("2006-01"), Org: u.s.Org, Trace: u.job.Trace, Thread: u.s.Thread,
		Actor: u.actor, Tier: u.tier, Profile: u.profile.Name,
		Title: "Models",
		Notice: fmt.Sprintf("%d%% of this month's cap of %s for models is spent. At 100%% I stop; it begins anew on %s (UTC), and an administrator can raise orgs.%s.spending.month.",
			tellAt, sp.Say(sp.Month), next, u.s.Org),
	}}, nil
}
