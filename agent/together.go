package agent

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"interlock/rbac"
)

// side is how many calls of one step may run side by side.
const side = 4

// ready is a call that may run now.
type ready struct {
	tool Tool
	call ToolCall
	act  rbac.Action
	res  ToolResult
}

// together runs the leading calls of a step side by side when each of them only
// reads and may run at once; it answers false when there are fewer than two.
func (u *run) together(ctx context.Context, calls []ToolCall) (ran bool, err error) {
	batch := u.readers(ctx, calls)
	if len(batch) < 2 {
		return false, nil
	}
	var started []Event
	for _, r := range batch {
		started = append(started, u.event(KindStarted, Payload{Call: &r.call, Act: &r.act}))
	}
	if err := u.commit(ctx, Batch{}, started...); err != nil {
		return true, err
	}
	live, done := u.stoppable(ctx)
	g, gctx := errgroup.WithContext(live)
	for _, r := range batch {
		g.Go(func() (err error) { r.res, err = u.exec(gctx, r.tool, r.call); return err })
	}
	err = g.Wait()
	done()
	if err != nil && !stopped(live) {
		return true, fmt.Errorf("tools side by side: %w", err)
	}
	for _, r := range batch {
		if stopped(live) {
			r.res = ToolResult{Failed: true, Text: "stopped while it ran", Label: rbac.Clean()}
		}
		if _, err := u.note(ctx, r.call, r.res); err != nil {
			return true, err
		}
	}
	return true, nil
}

// readers are the leading calls that may run side by side.
func (u *run) readers(ctx context.Context, calls []ToolCall) (batch []*ready) {
	for _, c := range calls {
		t, c, act, why := u.read(ctx, c)
		if why != "" || act.Effect != rbac.Read || t.Spec().Lost != Rerun || t.Spec().Asks ||
			u.s.lastOf(c.ID, KindStarted) != nil || len(batch) == side || u.overWith(t.Spec(), batch) ||
			u.Gate.Decide(ctx, u.request(act)).Outcome != rbac.Allow {
			return batch
		}
		batch = append(batch, &ready{tool: t, call: c, act: act})
	}
	return batch
}

// overWith tells whether the budget would not reach for one more beside the batch.
func (u *run) overWith(spec ToolSpec, batch []*ready) bool {
	sp := u.s.spent(u.turn, u.Tools)
	sp.Calls += len(batch)
	for _, r := range batch {
		if r.tool.Spec().Plans {
			sp.Plans++
		}
	}
	return u.profile.Budget.overCall(sp, spec) != ""
}
