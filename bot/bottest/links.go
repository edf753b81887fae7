package bottest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot"
	"interlock/rbac"
)

// PutLink keeps an offer.
func (m *Memory) PutLink(_ context.Context, l bot.Link) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.links == nil {
		m.links, m.joined = map[string]*bot.Link{}, map[string]string{}
	}
	m.links[l.Org+"\x00"+l.ID] = &l
	return nil
}

// Link gives an offer.
func (m *Memory) Link(_ context.Context, org, id string) (bot.Link, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l := m.links[org+"\x00"+id]; l != nil {
		return *l, nil
	}
	return bot.Link{}, agent.ErrNotFound
}

// TakeLink sets who takes an offer up, once and in time.
func (m *Memory) TakeLink(_ context.Context, org, id string, to rbac.Actor) (bot.Link, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.links[org+"\x00"+id]
	switch {
	case l == nil:
		return bot.Link{}, agent.ErrNotFound
	case l.To != (rbac.Actor{}) || !time.Now().Before(l.Expires):
		return bot.Link{}, agent.ErrRaced
	}
	l.To = to
	return *l, nil
}

// JoinLink makes the identity the person's, once.
func (m *Memory) JoinLink(_ context.Context, org, id, person string, identity rbac.Actor) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, key := m.links[org+"\x00"+id], org+"\x00"+string(identity.Subject())
	switch {
	case l == nil:
		return agent.ErrNotFound
	case l.To == (rbac.Actor{}) || l.Done || !time.Now().Before(l.Expires) || m.joined[key] != "":
		return agent.ErrRaced
	}
	l.Done, m.joined[key] = true, person
	return nil
}

// Joined is the person of a linked identity, or "".
func (m *Memory) Joined(identity rbac.Actor) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.joined[identity.Org+"\x00"+string(identity.Subject())]
}

// TestLinks is what every bot.Links must do. Open gives an empty one that knows
// agenttest.Org and agenttest.Rival.
func TestLinks(t *testing.T, open func(t *testing.T) bot.Links) {
	for name, test := range map[string]func(t *testing.T, s bot.Links){
		"each step once":          linkedOnce,
		"only in time":            linkedInTime,
		"another Org's":           linksOfOrgs,
		"one identity, one owner": oneOwner,
		"of many at once, one":    linkRace,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t, open(t)) })
	}
}

var (
	inConsole = rbac.Actor{Org: agenttest.Org, Platform: "console", ID: "alice", Name: "Alice"}
	inSlack   = rbac.Actor{Org: agenttest.Org, Platform: "slack", Tenant: "T1", ID: "U1", Name: "al"}
)

func offer(t *testing.T, s bot.Links, id string, wait time.Duration) {
	t.Helper()
	l := bot.Link{ID: id, Org: agenttest.Org, From: inConsole, Expires: agenttest.Now().Add(wait)}
	if err := s.PutLink(t.Context(), l); err != nil {
		t.Fatal(err)
	}
}

func linkErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) || (got == nil) != (want == nil) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func linkedOnce(t *testing.T, s bot.Links) {
	offer(t, s, "a", time.Minute)
	linkErr(t, "join before it is taken", s.JoinLink(t.Context(), agenttest.Org, "a", "alice", inSlack), agent.ErrRaced)
	if l, err := s.Link(t.Context(), agenttest.Org, "a"); err != nil || l.From != inConsole || l.To != (rbac.Actor{}) {
		t.Errorf("offered: %+v %v", l, err)
	}
	l, err := s.TakeLink(t.Context(), agenttest.Org, "a", inSlack)
	if err != nil || l.From != inConsole || l.To != inSlack || l.ID != "a" || l.Done {
		t.Fatalf("taken: %+v %v", l, err)
	}
	_, err = s.TakeLink(t.Context(), agenttest.Org, "a", inConsole)
	linkErr(t, "taken twice", err, agent.ErrRaced)
	linkErr(t, "join", s.JoinLink(t.Context(), agenttest.Org, "a", "alice", inSlack), nil)
	linkErr(t, "join twice", s.JoinLink(t.Context(), agenttest.Org, "a", "alice", inSlack), agent.ErrRaced)
}

func linkedInTime(t *testing.T, s bot.Links) {
	offer(t, s, "old", -time.Second)
	_, err := s.TakeLink(t.Context(), agenttest.Org, "old", inSlack)
	linkErr(t, "take", err, agent.ErrRaced)
	linkErr(t, "join", s.JoinLink(t.Context(), agenttest.Org, "old", "alice", inSlack), agent.ErrRaced)
}

func linksOfOrgs(t *testing.T, s bot.Links) {
	offer(t, s, "a", time.Minute)
	for _, c := range []struct{ org, id string }{{agenttest.Rival, "a"}, {agenttest.Org, "none"}} {
		_, err := s.Link(t.Context(), c.org, c.id)
		linkErr(t, "read", err, agent.ErrNotFound)
		_, err = s.TakeLink(t.Context(), c.org, c.id, inSlack)
		linkErr(t, "take", err, agent.ErrNotFound)
		linkErr(t, "join", s.JoinLink(t.Context(), c.org, c.id, "alice", inSlack), agent.ErrNotFound)
	}
}

func oneOwner(t *testing.T, s bot.Links) {
	for _, id := range []string{"a", "b"} {
		offer(t, s, id, time.Minute)
		if _, err := s.TakeLink(t.Context(), agenttest.Org, id, inSlack); err != nil {
			t.Fatal(err)
		}
	}
	linkErr(t, "the first", s.JoinLink(t.Context(), agenttest.Org, "a", "alice", inSlack), nil)
	linkErr(t, "the second", s.JoinLink(t.Context(), agenttest.Org, "b", "bob", inSlack), agent.ErrRaced)
}

func linkRace(t *testing.T, s bot.Links) {
	offer(t, s, "a", time.Minute)
	var wg sync.WaitGroup
	won := make(chan struct{}, 8)
	for range 8 {
		wg.Go(func() {
			if _, err := s.TakeLink(t.Context(), agenttest.Org, "a", inSlack); err == nil {
				won <- struct{}{}
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Errorf("%d took it", len(won))
	}
}
