package notify

import (
	"context"
	"slices"
	"time"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

// drifted are the stacks that differ from their code or cannot be scanned, without the
// values, with what puts them right already, and how the number of findings went.
func (d *Digest) drifted(ctx context.Context, org string, pending []agent.Hold, own map[string]bool, r *agent.Report) error {
	all, err := d.Drifts.Drifts(ctx, org)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(one agent.Drift) bool { return !own[one.Stack] || !one.Open() })
	slices.SortStableFunc(all, func(a, b agent.Drift) int { return a.Began.Compare(b.Began) })
	for _, one := range all {
		all := one.Differing()
		all.Fixing = fixing(pending, one.Stack)
		r.Drifts = append(r.Drifts, all)
	}
	if d.Looks == nil {
		return nil
	}
	var stacks []string
	for stack, mine := range own {
		if mine {
			stacks = append(stacks, stack)
		}
	}
	looks, err := d.Looks(ctx, org, stacks, r.Until.Add(-month))
	if err != nil {
		return err
	}
	looks = slices.DeleteFunc(looks, func(l bot.Look) bool { return !l.At.Before(r.Until) })
	r.Trend = trend(looks, r.Until)
	r.Looks, r.Blind, err = d.Looked(ctx, org, stacks, r.From, r.Until)
	return err
}

// fixing is the plan code of the newest change of a stack that waits, for people or for
// the end of a freeze; empty is none.
func fixing(pending []agent.Hold, stack string) (code string) {
	for _, h := range pending {
		if act := h.Request.Action; h.Approval != nil && act.Stack == stack && act.Effect >= rbac.Change {
			code = h.Approval.PlanCode()
		}
	}
	return code
}

// trend is how many findings were open at the end of each day, from the first scan on.
func trend(looks []bot.Look, until time.Time) (days []agent.Count) {
	open, total := map[string]int{}, 0
	i := 0
	for end := until.Add(-month); !end.After(until); end = end.Add(24 * time.Hour) {
		for ; i < len(looks) && !looks[i].At.After(end); i++ {
			if l := looks[i]; !l.Failed {
				total += l.Open - open[l.Stack]
				open[l.Stack] = l.Open
			}
		}
		if i > 0 {
			days = append(days, agent.Count{Day: end, N: total})
		}
	}
	return days
}
