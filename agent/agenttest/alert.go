package agenttest

import (
	"cmp"
	"context"
	"slices"

	"interlock/agent"
)

var _ agent.Alerts = (*Memory)(nil)

// checkAlert refuses what was written on another version than the one on record.
func (m *Memory) checkAlert(org string, a *agent.Alert) error {
	if a.Org != org || m.sessions[key{org, a.Session}] == nil {
		return agent.ErrNotFound
	}
	var old agent.Alert
	if err := decode(m.alerts[key{org, a.ID}], &old); err != nil {
		return err
	}
	if old.Version != a.Version {
		return agent.ErrRaced
	}
	return nil
}

func (m *Memory) putAlert(org string, a *agent.Alert) error {
	a.Version++
	b, err := encode(a)
	put(&m.alerts, key{org, a.ID}, b)
	return err
}

// Alert gives an alert as it is now.
func (m *Memory) Alert(_ context.Context, org, id string) (a agent.Alert, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.alerts[key{org, id}]
	if !ok {
		return a, agent.ErrNotFound
	}
	return a, decode(b, &a)
}

// OpenAlerts are those that are not resolved, oldest first.
func (m *Memory) OpenAlerts(_ context.Context, org string) (all []agent.Alert, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, b := range m.alerts {
		var a agent.Alert
		if err := decode(b, &a); err != nil {
			return nil, err
		}
		if k.org == org && a.State != agent.Resolved {
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b agent.Alert) int { return cmp.Or(a.Opened.Compare(b.Opened), cmp.Compare(a.ID, b.ID)) })
	return all, nil
}
