package schedulertest

import (
	"context"
	"sync"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/scheduler"
)

var _ scheduler.Claims = (*Memory)(nil)

// Memory keeps claims and the queue that they fill. The zero value is ready,
// and it is safe for concurrent use.
type Memory struct {
	agenttest.Memory

	mu      sync.Mutex
	claimed map[claim]bool
	last    map[claim]time.Time // without a due time
}

type claim struct {
	org, schedule string
	due           int64
}

// Claim gives a due time to one caller, with its job.
func (m *Memory) Claim(ctx context.Context, org, schedule string, due time.Time, j agent.Job) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.claimed == nil {
		m.claimed, m.last = map[claim]bool{}, map[claim]time.Time{}
	}
	c, of := claim{org, schedule, due.UnixMicro()}, claim{org: org, schedule: schedule}
	if m.claimed[c] {
		return false, nil
	}
	m.claimed[c] = true
	if due.After(m.last[of]) {
		m.last[of] = due
	}
	return true, m.Enqueue(ctx, j)
}

// Last is the newest due time that was claimed, or the zero time.
func (m *Memory) Last(_ context.Context, org, schedule string) (time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last[claim{org: org, schedule: schedule}], nil
}
