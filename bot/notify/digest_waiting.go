package notify

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"interlock/agent"
	"interlock/rbac"
)

// ours tells whether a card belongs to the room.
func ours(h agent.Hold, room string, own map[string]bool) bool {
	return h.Thread.Room() == room || own[h.Request.Action.Stack]
}

// waiting are the cards and questions that somebody has to answer, what destroys first,
// then by their end.
func waiting(pending []agent.Hold, room string, own map[string]bool, r *agent.Report) {
	for _, h := range pending {
		if !ours(h, room, own) || h.State != agent.Open {
			continue
		}
		act := h.Request.Action
		w := agent.Waits{
			Hold: h.ID, What: h.Call.Tool + " on " + cmp.Or(act.Stack, "this session"),
			Destroys: act.Effect == rbac.Destroy, By: h.Request.Actor.Name, Until: h.Expires, Thread: h.Thread,
		}
		if h.Approval != nil {
			w.Code = h.Approval.PlanCode()
		}
		r.Waiting = append(r.Waiting, w)
	}
	slices.SortStableFunc(r.Waiting, func(a, b agent.Waits) int {
		if a.Destroys != b.Destroys && a.Destroys {
			return -1
		} else if a.Destroys != b.Destroys {
			return 1
		}
		return a.Until.Compare(b.Until)
	})
}

// frozen are the freezes that hold what may be shown in the room, and how many approved
// changes of it wait for their end.
func (d *Digest) frozen(ctx context.Context, org, room string, pending []agent.Hold, own map[string]bool, r *agent.Report) error {
	for _, h := range pending {
		if ours(h, room, own) && h.Thawing(r.Until) {
			r.Held++
		}
	}
	if d.Frozen == nil {
		return nil
	}
	all, err := d.Frozen(ctx, org)
	if err != nil {
		return fmt.Errorf("list freezes: %w", err)
	}
	envs := map[string]bool{agent.AllEnvironments: true}
	for _, s := range d.Stacks(org) {
		envs[s.Environment] = envs[s.Environment] || own[s.Name]
	}
	r.Frozen = slices.DeleteFunc(all, func(f rbac.Freeze) bool { return !envs[f.Env] || !f.Until.After(r.Until) })
	return nil
}

// alerts are those that nobody has resolved, after the cards. One about a card that is
// listed already is not told twice.
func (d *Digest) alerts(ctx context.Context, org, room string, own map[string]bool, r *agent.Report) error {
	if d.Alerts == nil {
		return nil
	}
	open, err := d.Alerts.OpenAlerts(ctx, org)
	if err != nil {
		return fmt.Errorf("list alerts: %w", err)
	}
	for _, a := range open {
		listed := slices.ContainsFunc(r.Waiting, func(w agent.Waits) bool { return w.Hold != "" && w.Hold == a.Hold })
		if here := own[a.Stack] || slices.Contains(a.Rooms(), room) && a.Shown(room); here && !listed {
			r.Waiting = append(r.Waiting, agent.Waits{Alert: true, What: a.Title + ", " + a.State.String(), By: a.Owner.Name})
		}
	}
	return nil
}
