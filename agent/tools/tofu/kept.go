package tofu

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"interlock/agent"
)

// The kinds of Artifact that this family keeps.
const (
	KindPlan  = "plan"
	KindState = "state"
)

// planAge is how long a stored plan can be asked for. A day is more than an
// approval waits.
const planAge = 24 * time.Hour

// Meta is what is known of a stored plan beside its bytes.
type Meta struct {
	Stack       string `json:"stack"`
	Environment string `json:"environment"`
	Directory   string `json:"directory"`
	Workspace   string `json:"workspace,omitempty"`
	Commit      string `json:"commit"`
	Reviewed    bool   `json:"reviewed"`
	Standing
	Image string     `json:"image"`
	Plan  agent.Plan `json:"plan"`
}

// KeepPlan stores the bytes of a plan for a day.
func (d Deps) KeepPlan(ctx context.Context, e agent.Env, bytes []byte, m Meta) (id string, err error) {
	meta, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("write plan's facts: %w", err)
	}
	now := time.Now()
	id, err = d.Artifacts.Keep(ctx, agent.Artifact{
		Org: e.Org, Kind: KindPlan, Session: e.Session, Meta: meta, Bytes: bytes, At: now, Expires: now.Add(planAge),
	})
	if errors.Is(err, agent.ErrTooLarge) {
		return "", refuse("the plan is too large to be kept (%d bytes)", len(bytes))
	}
	if err != nil {
		return "", fmt.Errorf("keep plan: %w", err)
	}
	return id, nil
}

// Stored reads a plan that was kept for the Org. What expired, or is another
// Org's, is a Refusal that wraps agent.ErrNotFound.
func (d Deps) Stored(ctx context.Context, org, id string) (agent.Artifact, Meta, error) {
	var m Meta
	a, err := d.Artifacts.Artifact(ctx, org, id)
	if errors.Is(err, agent.ErrNotFound) || err == nil && a.Kind != KindPlan {
		return a, m, &Refusal{Why: "there is no such stored plan, or it has expired: plan again", Err: agent.ErrNotFound}
	}
	if err != nil {
		return a, m, fmt.Errorf("read plan: %w", err)
	}
	if err := json.Unmarshal(a.Meta, &m); err != nil {
		return a, m, fmt.Errorf("read plan's facts: %w", err)
	}
	return a, m, nil
}
