package bot

import (
	"context"
	"fmt"
	"slices"

	"interlock/agent"
)

// stop orders what runs in this thread to end, and says what that does.
func (in *Inbox) stop(ctx context.Context, c Command) (Reply, error) {
	what := in.stopping(ctx, c)
	refused, err := in.Control.Stop(ctx, agent.Press{
		ID: c.ID, Org: c.Org, Thread: c.Thread, By: in.who(ctx, c.Actor),
		Tier: in.Room(ctx, c.Org, c.Thread.Room()).Tier, Text: c.Text,
	})
	if err != nil {
		return Reply{}, fmt.Errorf("stop: %w", err)
	}
	if refused != "" {
		return said("Not stopped: " + refused + "."), nil
	}
	return said(what), nil
}

// stopping says what an order to stop will do here, as it is before the order. That it
// cannot look must hold up no stop.
func (in *Inbox) stopping(ctx context.Context, c Command) string {
	const gently = "Stopping: a running change gets one interrupt and time to save its state."
	if in.Records == nil {
		return gently
	}
	jobs, err := in.Records.Running(ctx, c.Org)
	holds, failed := in.Records.OpenHolds(ctx, c.Org)
	runs := slices.ContainsFunc(jobs, func(j agent.Job) bool { return j.Thread == c.Thread })
	n := len(slices.DeleteFunc(slices.Clone(holds), func(h agent.Hold) bool { return h.Thread != c.Thread }))
	switch {
	case err != nil || failed != nil || runs || n == 0:
		return gently
	case n == 1:
		return "Stopped: the card is closed."
	}
	return "Stopped: the cards are closed."
}
