package schedulertest

import (
	"context"
	"strings"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/scheduler"
)

// Memory keeps claims and the queue that they fill, and notes how their jobs end. It is
// safe for concurrent use.
type Memory struct {
	agenttest.Memory
	*Ledger
}

// NewMemory gives an empty one.
func NewMemory() *Memory {
	m := &Memory{}
	m.Ledger = &Ledger{Queue: m.Enqueue}
	return m
}

// Claim is the Ledger's.
func (m *Memory) Claim(ctx context.Context, org string, all ...scheduler.Claim) (int, error) {
	return m.Ledger.Claim(ctx, org, all...)
}

// Append notes what the log says of a schedule's run.
func (m *Memory) Append(ctx context.Context, org string, b agent.Batch) error {
	if err := m.Memory.Append(ctx, org, b); err != nil {
		return err
	}
	for _, j := range b.Jobs {
		if j.Scan != nil && b.Fence != nil && j.Actor.Platform == scheduler.Platform {
			m.moved(org, b.Fence.Job, j.ID)
			return nil
		}
	}
	for _, ev := range b.Events {
		failed := ev.Kind == agent.KindRefused || ev.Kind == agent.KindGaveUp || ev.Kind == agent.KindStopped
		why := ev.Payload.Text
		if ev.Kind == agent.KindFinding && ev.Payload.Scan != nil && ev.Payload.Scan.Failed != "" {
			failed = true
			why, _, _ = strings.Cut(ev.Payload.Scan.Failed, "\n")
		}
		if r := ev.Payload.Result; ev.Kind == agent.KindResult && ev.Actor.Tenant == "command" && r != nil && r.Failed {
			failed = true
			why, _, _ = strings.Cut(r.Text, "\n")
		}
		if failed && ev.Actor.Platform == scheduler.Platform {
			m.End(org, ev.Run, scheduler.Failed, why)
		}
	}
	return nil
}

// Consume notes the ends of jobs.
func (m *Memory) Consume(ctx context.Context, handle func(context.Context, agent.Claimed) error) error {
	return m.Memory.Consume(ctx, func(ctx context.Context, c agent.Claimed) error {
		err := handle(ctx, c)
		switch {
		case err == nil:
			m.End(c.Org, c.ID, scheduler.Done, "")
		case c.Last && ctx.Err() == nil:
			m.End(c.Org, c.ID, scheduler.Failed, err.Error())
		}
		return err
	})
}
