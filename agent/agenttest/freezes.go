package agenttest

import (
	"cmp"
	"context"
	"slices"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// Freeze keeps a freeze; the same ID twice is one.
func (m *Memory) Freeze(_ context.Context, org string, f rbac.Freeze) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, there := m.freezes[key{org, f.ID}]; !there {
		put(&m.freezes, key{org, f.ID}, f)
	}
	return nil
}

// Thaw ends the freezes of an environment that go on.
func (m *Memory) Thaw(_ context.Context, org, env string, _ rbac.Actor, at time.Time) (ended []rbac.Freeze, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, f := range m.freezes {
		if k.org == org && f.Env == env && f.Until.After(at) {
			ended = append(ended, f)
			f.Until = at
			m.freezes[k] = f
		}
	}
	slices.SortFunc(ended, older)
	return ended, nil
}

// Frozen are all freezes of an Org, also those that are over, oldest first.
func (m *Memory) Frozen(_ context.Context, org string) (all []rbac.Freeze, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, f := range m.freezes {
		if k.org == org {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, older)
	return all, nil
}

func older(a, b rbac.Freeze) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) }

// Undecided are the holds that are open or approved, oldest first.
func (m *Memory) Undecided(_ context.Context, org string) (all []agent.Hold, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k := range m.holds {
		h, err := m.held(k)
		if err != nil {
			return nil, err
		}
		if k.org == org && h.Pending() {
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b agent.Hold) int { return cmp.Or(a.Opened.Compare(b.Opened), cmp.Compare(a.ID, b.ID)) })
	return all, nil
}

// Freezer is what TestFreezes drives.
type Freezer interface {
	agent.Freezes
	agent.Store
	Frozen(ctx context.Context, org string) ([]rbac.Freeze, error)
}

// TestFreezes is what every agent.Freezes must do. Open gives an empty one that
// knows Org and Rival.
func TestFreezes(t *testing.T, open func(t *testing.T) Freezer) {
	t.Run("freeze and thaw", func(t *testing.T) { t.Parallel(); freezeAndThaw(t, open(t)) })
	t.Run("undecided holds", func(t *testing.T) { t.Parallel(); undecided(t, open(t)) })
}

func freezeAndThaw(t *testing.T, s Freezer) {
	at := Now()
	prod := rbac.Freeze{ID: "1", Env: "prod", Until: at.Add(time.Hour), Reason: "release", By: "bob", At: at}
	twice, lab := prod, rbac.Freeze{ID: "2", Env: "lab", Until: at.Add(2 * time.Hour), At: at.Add(time.Second)}
	twice.Until = at.Add(9 * time.Hour)
	for _, f := range []rbac.Freeze{prod, twice, lab} {
		if err := s.Freeze(t.Context(), Org, f); err != nil {
			t.Fatal(err)
		}
	}
	frozen := func(org string, want ...rbac.Freeze) {
		t.Helper()
		got, err := s.Frozen(t.Context(), org)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "frozen", got, want)
	}
	frozen(Org, prod, lab)
	frozen(Rival)
	for _, c := range []struct {
		org, env string
		want     []rbac.Freeze
	}{{Rival, "prod", nil}, {Org, "all", nil}, {Org, "prod", []rbac.Freeze{prod}}, {Org, "prod", nil}} {
		ended, err := s.Thaw(t.Context(), c.org, c.env, Person(c.org, "dan"), at.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		same(t, c.org+" thaws "+c.env, ended, c.want)
	}
	prod.Until = at.Add(time.Minute)
	frozen(Org, prod, lab)
}

func undecided(t *testing.T, s Freezer) {
	var want []string
	for _, state := range []agent.State{agent.Open, agent.Approved, agent.Denied, agent.Consumed, agent.Void} {
		sess := mustOpen(t, s, Org, state.String())
		h := card(sess)
		h.State = state
		mustAppend(t, s, Org, agent.Batch{Hold: &h})
		if h.Pending() {
			want = append(want, h.ID)
		}
	}
	theirs := card(mustOpen(t, s, Rival, "x"))
	mustAppend(t, s, Rival, agent.Batch{Hold: &theirs})
	all, err := s.Undecided(t.Context(), Org)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range all {
		got = append(got, h.ID)
	}
	slices.Sort(got)
	slices.Sort(want)
	same(t, "undecided", got, want)
}
