package bot

import (
	"context"

	"interlock/agent"
	"interlock/rbac"
)

// Queue keeps a job durably before the platform gets its answer. The same id
// twice is one job.
type Queue interface {
	Enqueue(ctx context.Context, j agent.Job) error
}

// Inbox takes what adapters have verified and decoded. A mention becomes one
// job; clicks, answers and stop are settled here and now, behind no running job.
type Inbox struct {
	Queue   Queue
	Control *agent.Control
	Tier    func(org string, t agent.Thread) rbac.Tier
}

// Mention does one durable thing. Rights are decided by the run.
func (in *Inbox) Mention(ctx context.Context, m Mention) (Reply, error) { return Reply{}, nil }

// Click settles a verdict and replies from the record.
func (in *Inbox) Click(ctx context.Context, c Click) (Reply, error) { return Reply{}, nil }

// Answer settles a question.
func (in *Inbox) Answer(ctx context.Context, a Answer) (Reply, error) { return Reply{}, nil }

// Command runs what needs no model.
func (in *Inbox) Command(ctx context.Context, c Command) (Reply, error) { return Reply{}, nil }
