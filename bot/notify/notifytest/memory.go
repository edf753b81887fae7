// Package notifytest holds what tests of notices share: a store in memory, the suite
// that every store passes, and a service that fails as it is told. It must never know
// SQL or a service's protocol.
package notifytest

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"interlock/agent"
	"interlock/bot"
	"interlock/bot/notify"
)

// Store is all of what keeps notices.
type Store interface {
	notify.Notices
	notify.Bundles
	bot.Mutes
	PutNotice(ctx context.Context, n notify.Notice) error
}

var _ Store = (*Memory)(nil)

// Memory keeps notices for tests. The zero value is ready, and it is safe for
// concurrent use.
type Memory struct {
	mu         sync.Mutex
	notices    []*noted
	deliveries []*kept
	tellings   map[string]notify.Past
	mutes      map[string]time.Time
	jobs       []agent.Job
}

type noted struct {
	body   []byte
	id     string
	org    string
	routed bool
}

func (n *noted) notice() (out notify.Notice) {
	_ = json.Unmarshal(n.body, &out) // it was marshalled by us
	return out
}

type kept struct {
	notify.Delivery
	bundle, state string
	attempts      int
	next          time.Time
}

const pending = "pending"

func key(parts ...string) string { return strings.Join(parts, "\x00") }

// PutNotice keeps a notice, once for each id.
func (m *Memory) PutNotice(_ context.Context, n notify.Notice) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(n)
	return nil
}

func (m *Memory) put(n notify.Notice) {
	if slices.ContainsFunc(m.notices, func(o *noted) bool { return o.org == n.Org && o.id == n.ID }) {
		return
	}
	b, _ := json.Marshal(n) // plain data
	m.notices = append(m.notices, &noted{body: b, id: n.ID, org: n.Org})
}

// Unrouted gives the oldest notices without deliveries.
func (m *Memory) Unrouted(_ context.Context, org string, limit int) (all []notify.Notice, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range m.notices {
		if n.org == org && !n.routed && len(all) < limit {
			all = append(all, n.notice())
		}
	}
	return all, nil
}

// Past is what targets were told.
func (m *Memory) Past(_ context.Context, org string, at time.Time, all []notify.Asked) (past []notify.Past, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range all {
		p := m.tellings[key(org, a.Target, a.Key)]
		p.Muted = m.mutes[key(org, a.Target, a.Topic)].After(at)
		for _, d := range m.deliveries {
			if d.Org == org && d.Target == a.Target && d.state == pending && d.bundle == "" && (p.Opens.IsZero() || d.Due.Before(p.Opens)) {
				p.Opens = d.Due
			}
		}
		past = append(past, p)
	}
	return past, nil
}

// Route settles notices with their deliveries.
func (m *Memory) Route(_ context.Context, org string, notices []string, ds []notify.Delivery, more ...notify.Notice) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	mine := map[string]bool{}
	for _, n := range m.notices {
		if n.org == org && !n.routed && slices.Contains(notices, n.id) {
			n.routed, mine[n.id] = true, true
		}
	}
	for _, d := range ds {
		if mine[d.Notice] {
			m.deliver(d)
		}
	}
	for _, n := range more {
		m.put(n)
	}
	return nil
}

func (m *Memory) deliver(d notify.Delivery) {
	if m.tellings == nil {
		m.tellings = map[string]notify.Past{}
	}
	k := key(d.Org, d.Target, d.Key)
	if d.Step == notify.Resolve && d.Target == "" { // for everybody
		maps.DeleteFunc(m.tellings, func(k string, _ notify.Past) bool {
			return strings.HasPrefix(k, key(d.Org, "")) && strings.HasSuffix(k, key("", d.Key))
		})
		return
	}
	if d.Repeat {
		p := m.tellings[k]
		p.More++
		m.tellings[k] = p
		return
	}
	switch {
	case d.Key == "", d.Step == notify.Acknowledge:
	case d.Step == notify.Resolve:
		delete(m.tellings, k)
	default:
		m.tellings[k] = notify.Past{Told: d.Due}
	}
	row := &kept{Delivery: d, state: pending}
	if d.Alone {
		row.bundle, row.next = d.ID, d.Due
	}
	m.deliveries = append(m.deliveries, row)
}

// Lanes are the services for which something may be due.
func (m *Memory) Lanes(_ context.Context, org string, at time.Time) (lanes []string, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.deliveries {
		due := d.bundle == "" && !d.Due.After(at) || d.bundle == d.ID && !d.next.After(at)
		if d.Org == org && d.Lane != "" && d.state == pending && due && !slices.Contains(lanes, d.Lane) {
			lanes = append(lanes, d.Lane)
		}
	}
	return lanes, nil
}

// overtakes tells whether something of the same key came before, and waits still.
func (m *Memory) overtakes(d *kept) bool {
	for _, b := range m.deliveries {
		if b == d {
			return false
		}
		if b.Org == d.Org && b.state == pending && b.Key != "" && b.Key == d.Key && b.Target == d.Target && b.bundle != "" && b.bundle != d.bundle {
			return true
		}
	}
	return false
}

// Due binds what is due, and gives the bundles whose time has come.
func (m *Memory) Due(_ context.Context, org string, at time.Time, lane string, limit int) (all []notify.Bundle, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	first := map[string]string{}
	for _, d := range m.deliveries {
		if d.Org != org || d.Lane != lane || d.state != pending || d.bundle != "" || d.Due.After(at) {
			continue
		}
		way := key(d.Target, d.Way)
		if first[way] == "" {
			first[way] = d.ID
		}
		d.bundle, d.next = first[way], d.Due
	}
	for _, d := range m.deliveries {
		if d.Org == org && d.Lane == lane && d.state == pending && d.bundle == d.ID && !d.next.After(at) && !m.overtakes(d) {
			all = append(all, m.bundle(d))
		}
	}
	return all[:min(len(all), limit)], nil
}

func (m *Memory) bundle(head *kept) notify.Bundle {
	b := notify.Bundle{ID: head.ID, Org: head.Org, Target: head.Target, Way: head.Way, Attempts: head.attempts, Since: head.Due}
	var members []*kept
	for _, d := range m.deliveries {
		if d.Org != head.Org || d.bundle != head.ID {
			continue
		}
		members = append(members, d)
		b.Count, b.More = b.Count+1, b.More+d.More
		for _, n := range m.notices {
			if n.org != d.Org || n.id != d.Notice {
				continue
			}
			if at := n.notice().At; at.Before(b.Since) {
				b.Since = at
			}
		}
		i := slices.IndexFunc(b.Tallies, func(t notify.Tally) bool { return t.Type == d.Type })
		if i < 0 {
			i, b.Tallies = len(b.Tallies), append(b.Tallies, notify.Tally{Type: d.Type})
		}
		b.Tallies[i].Count++
	}
	slices.SortStableFunc(members, func(x, y *kept) int { return cmp.Compare(y.Severity.Rank(), x.Severity.Rank()) })
	for _, d := range members[:min(len(members), notify.MostLines)] {
		for _, n := range m.notices {
			if n.org == d.Org && n.id == d.Notice {
				b.Top = append(b.Top, n.notice())
			}
		}
	}
	return b
}

// settle ends a bundle that is pending.
func (m *Memory) settle(org, bundle, state string) (ended bool) {
	for _, d := range m.deliveries {
		if d.Org == org && d.bundle == bundle && d.state == pending {
			d.state, ended = state, true
		}
	}
	return ended
}

// Delivered settles a bundle, with the jobs that show it.
func (m *Memory) Delivered(_ context.Context, org, bundle string, follow ...agent.Job) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.settle(org, bundle, "sent") {
		m.jobs = append(m.jobs, follow...)
	}
	return nil
}

// GiveUp drops a bundle, with what is told of that.
func (m *Memory) GiveUp(_ context.Context, org, bundle, _ string, more []notify.Notice, follow ...agent.Job) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.settle(org, bundle, "dropped") {
		for _, n := range more {
			m.put(n)
		}
		m.jobs = append(m.jobs, follow...)
	}
	return nil
}

// Postpone counts an attempt.
func (m *Memory) Postpone(_ context.Context, org, bundle string, until time.Time, _ string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.deliveries {
		if d.Org == org && d.ID == bundle && d.bundle == bundle && d.state == pending {
			d.attempts, d.next = d.attempts+1, until
		}
	}
	return nil
}

// Mute notes a wish of a room or of a person.
func (m *Memory) Mute(_ context.Context, org string, w bot.Mute) ([]bot.Muted, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var topics []string
	for _, d := range m.deliveries {
		if d.Org != org || d.bundle != w.Delivery || !notify.Mutes(w, d.Target, d.Way) {
			continue
		}
		if m.mutes == nil {
			m.mutes = map[string]time.Time{}
		}
		m.mutes[key(org, d.Target, d.Topic)] = w.Until
		topics = append(topics, d.Topic)
	}
	return notify.Topics(topics), nil
}

// Jobs are those that deliveries were settled with, the oldest first.
func (m *Memory) Jobs() []agent.Job {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.jobs)
}
