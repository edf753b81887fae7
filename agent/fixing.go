package agent

import (
	"context"
	"fmt"
	"slices"
	"time"

	"interlock/rbac"
)

// drift is the newest that this thread was told of a stack's drift; of any, when the
// stack is empty.
func (s *Session) drift(stack string) *Drift {
	for _, ev := range slices.Backward(s.Events) {
		if d := ev.Payload.Drift; d != nil && (stack == "" || d.Stack == stack) {
			return d
		}
	}
	return nil
}

// fixing is the change of a stack that is on its way in this thread, if there is one.
func (s *Session) fixing(stack string, more []Event) *Fixing {
	for _, evs := range [][]Event{more, s.Events} {
		for _, ev := range slices.Backward(evs) {
			h := ev.Payload.Hold
			if h == nil || h.Approval == nil || h.Request.Action.Stack != stack || h.Request.Action.Effect < rbac.Change {
				continue
			}
			if ev.Kind == KindResult || !h.Pending() && h.State != Consumed {
				return nil
			}
			return &Fixing{h.ID, h.Approval.PlanCode(), h.State.String()}
		}
	}
	return nil
}

// redrawn adds how the drift of this thread stands, when what is written begins or ends
// a change that puts it right. The new event comes first: a run goes by its last one.
func (u *run) redrawn(evs []Event) []Event {
	last := u.s.drift("")
	if last == nil || last.Joined || !last.Open() || slices.ContainsFunc(evs, func(ev Event) bool { return ev.Payload.Drift != nil }) {
		return evs
	}
	now := *last
	now.Fixing, now.Gone = u.s.fixing(last.Stack, evs), nil
	if was := last.Fixing; was == nil && now.Fixing == nil || was != nil && now.Fixing != nil && *was == *now.Fixing {
		return evs
	}
	return append([]Event{u.event(KindDrift, Payload{Drift: &now})}, evs...)
}

// afterChange is how long a scan waits for the one that a run makes by itself after
// its change.
const afterChange = 15 * time.Second

// AfterChange is the schedule Actor that looks after a change.
const AfterChange = "after-change"

// scanAgain has a stack scanned after a change, when it was told to drift: so its card
// closes itself.
func (u *run) scanAgain(ctx context.Context, p Payload) ([]Job, error) {
	if p.Result.Applied == "" || p.Hold == nil || p.Hold.Request.Action.Stack == "" {
		return nil, nil
	}
	stack := p.Hold.Request.Action.Stack
	d, err := u.Store.Drift(ctx, u.s.Org, stack)
	if err != nil || !d.Open() {
		return nil, err
	}
	id := p.Call.ID + "/scan"
	return []Job{{
		ID: id, Org: u.s.Org, Trace: u.job.Trace, Tier: rbac.Observe, After: u.clock().Add(afterChange),
		Thread: Thread{d.Thread.Platform, d.Thread.Channel, "~scan/" + stack + "/" + id},
		Actor:  rbac.Actor{Org: u.s.Org, Platform: Scheduled, ID: AfterChange, Name: AfterChange},
		Scan:   &Scan{Schedule: AfterChange, Stack: stack, Call: DriftScan(stack), Since: u.clock()},
	}}, nil
}

// Scheduled is the platform of an Actor that is a schedule.
const Scheduled = "schedule"

// DriftScan is the call that scans a stack.
func DriftScan(stack string) ToolCall {
	return ToolCall{Tool: "drift_scan", Args: []byte(fmt.Sprintf(`{"stack":%q}`, stack))}
}
