package rbac

import (
	"fmt"
	"slices"
	"strings"
)

// approver judges who wants to approve, with the needs that they count for.
func (q *question) approver(who Actor) (Decision, error) {
	if slices.Contains(q.involved, who.Subject()) {
		return denied(ownWork), nil
	}
	as, d, err := q.stands(who)
	if err != nil || len(as) == 0 {
		return d, err
	}
	fits, why := q.counts(as)
	if why != "" {
		return denied(why + ", which " + q.People[who.ID].Name + " is not"), nil
	}
	d.Needs = fits
	return d, nil
}

// ownWork is said to whoever asked, or is an author.
const ownWork = "who asked, or answered what led here, may not approve"

// stands are the people whose rights to approve somebody has: their own, and
// those of whom they are the deputy of, as long as these are away and not
// involved themselves. Whom a rule denies it, nobody's rights help.
func (q *question) stands(who Actor) (as []string, first Decision, err error) {
	first, stopped, err := q.rule(who, Approve, q.r, q.said)
	if _, known := q.known(who); err != nil || stopped || !known {
		return nil, first, err
	}
	if first.Outcome == Allow {
		as = append(as, who.ID)
	}
	for _, id := range q.deputyOf[who.ID] {
		d, err := q.through(id)
		if err != nil {
			return nil, Decision{}, err
		}
		if d.Outcome != Allow {
			continue
		}
		as = append(as, id)
		if p := q.People[id]; first.Outcome != Allow {
			first = d
			first.Reasons = []string{fmt.Sprintf("%s may approve as deputy of %s until %s", q.People[who.ID].Name, p.Name, p.Away.UTC().Format("2 January 15:04 MST"))}
		}
	}
	return as, first, nil
}

// through is what somebody who is away lends to a deputy.
func (q *question) through(id string) (Decision, error) {
	p := q.People[id]
	who := person(q.org, id, p)
	if !q.r.at().Before(p.Away) || slices.Contains(q.involved, who.Subject()) {
		return Decision{}, nil
	}
	d, _, err := q.rule(who, Approve, q.r, q.said)
	return d, err
}

// counts names the needs that a person, or those whom they stand in for, count
// for. Without any, why says whose approval would.
func (q *question) counts(as []string) (fits []Need, why string) {
	var others []string
	for _, rule := range q.demands {
		if slices.ContainsFunc(as, func(id string) bool { return q.from(id, rule.Need) }) {
			fits = append(fits, rule.Need)
		} else {
			others = append(others, rule.Need.String())
		}
	}
	anyone := matrix[Gated][q.r.Action.Effect].Outcome == Ask || raise(q.r).Outcome == Ask
	if anyone {
		fits = append(fits, Need{Count: 1})
	}
	if len(fits) == 0 && len(others) > 0 {
		return nil, "this needs " + strings.Join(others, " and ")
	}
	return fits, ""
}

// from tells whether a person is one of those whom a need is about.
func (o *orgPolicy) from(id string, n Need) bool {
	return len(n.From) == 0 || slices.Contains(n.From, ofPerson+id) ||
		slices.ContainsFunc(o.held[id], func(s string) bool { return slices.Contains(n.From, s) })
}
