//go:build !race

// Everything here happens in one goroutine, one thing after the other: the race
// detector could only make it slow. make test runs it without.
package agent_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// The machine of docs/approvals.md, explored: every state that three approvers,
// the one who asked, two plans and two workers can reach, with crashes between any
// two writes. The code that runs is the product's own; only the store is a small
// one that can be copied.

// key is what the future depends on: not ids, nor refusals, nor what was said at a
// card that has ended, nor how many alike jobs wait: one that is taken up again after
// it died is as good as a second. The second and the third approver are alike, so that states
// that differ only in which of them it was are one.
func (m *moment) key() string {
	return min(m.keyAs("a1", "a2"), m.keyAs("a2", "a1"))
}

func (m *moment) keyAs(second, third string) string {
	var parts []string
	for _, h := range m.holds {
		if h.Pending() {
			parts = append(parts, fmt.Sprint(h.State, h.Approval.Bound.Artifact, said(h, "a0", second, third), h.Expires.Before(time.Now())))
		} else {
			parts = append(parts, fmt.Sprint(h.State))
		}
	}
	for _, j := range m.jobs {
		if m.open(j) {
			parts = append(parts, fmt.Sprint("job ", m.holds[j.Hold].State, j.Again != ""))
		}
	}
	kinds := map[agent.Kind]int{}
	for _, ev := range m.events {
		if ev.Kind != agent.KindRefused && ev.Kind != agent.KindVerdict {
			kinds[ev.Kind]++
		}
	}
	slices.Sort(parts)
	return fmt.Sprint(slices.Compact(parts), kinds, m.plan, m.lost, m.late, m.ran)
}

// said tells who of them stands by an approval.
func said(h agent.Hold, who ...string) (word []bool) {
	standing := h.Approval.Standing()
	for _, id := range who {
		word = append(word, slices.ContainsFunc(standing, func(a rbac.Actor) bool { return a.ID == id }))
	}
	return word
}

func (m *moment) right(id string) bool { return id != "asker" && (!m.lost || id != "a0") }

// pulled counts a run of the tool, and whether it was fair.
func (m *moment) pulled(c agent.ToolCall) error {
	m.ran++
	for _, h := range m.holds {
		yes := 0
		for _, a := range h.Approval.Standing() {
			if m.right(a.ID) {
				yes++
			}
		}
		if h.Call.ID == c.ID && h.State == agent.Consumed && yes >= needed && h.Approval.Bound.Artifact == m.plan {
			return nil
		}
	}
	m.unfair++
	return nil
}

// explorer drives the real thing over one moment after the other. Its switches
// take a safeguard out, for the controls.
type explorer struct {
	twice, careless, loose bool
	at                     *moment
	tools                  agent.Toolset
	met                    map[agent.State]bool
}

func (b *explorer) product(s *shelf) *agent.Runner {
	s.careless, b.at = b.careless, s.moment
	return &agent.Runner{
		Control: &agent.Control{Store: s, Gate: judge{needed, s.right, b.twice}, Tools: b.tools, Keys: map[string][]byte{exploredOrg: []byte("k")}},
		Model:   caller{s.moment}, Patience: func(string) agent.Patience { return agent.Patience{Expiry: time.Hour} },
		Profile: func(string, string) agent.Profile {
			return agent.Profile{Budget: agent.Budget{Steps: 9, Calls: 9, Tokens: 9, Cost: 9, Wall: time.Hour}}
		},
	}
}

// work claims a job and runs it, dying at a write, or interrupted before one.
func (b *explorer) work(m *moment, id string, crash, before int, meanwhile func(m *moment)) {
	j := m.jobs[id]
	j.fence++
	m.jobs[id] = j
	s := &shelf{moment: m, crash: crash, before: before}
	s.during = func() {
		if meanwhile != nil {
			meanwhile(m)
		}
	}
	err := b.product(s).Run(context.Background(), agent.Claimed{Job: j.Job, Fence: j.fence, Attempt: 1})
	if now := m.jobs[id]; err == nil && now.fence == j.fence {
		now.done = true
		m.jobs[id] = now
	}
}

// step is one thing that can happen.
type step struct {
	name string
	do   func(m *moment)
}

func (b *explorer) press(who, verb, hold string) step {
	return step{who + " " + verb, func(m *moment) {
		h := m.holds[hold]
		p := agent.Press{
			ID: fmt.Sprint("press", len(m.events)), Org: exploredOrg, Thread: agent.Thread{Platform: "p", Channel: "c", ID: "t"},
			By: rbac.Actor{Org: exploredOrg, ID: who, Name: who}, Hold: hold, Code: h.Approval.PlanCode(), Approve: verb == "approve", Back: verb == "back", Text: "why",
		}
		_, _, _ = b.product(&shelf{moment: m}).Settle(context.Background(), p)
	}}
}

// steps are all that can happen at a moment. What is no write of ours, a plan or a
// right that moves, comes before the judgement at the start or after it; between
// the two it is as if it came after: the tool applies what was stored, and finds a
// state that moved by itself.
func (b *explorer) steps(m *moment) (all []step) {
	var presses, meanwhile []step // meanwhile: but for those that are refused
	for id, h := range m.holds {
		if h.Pending() {
			for _, who := range []string{"a0", "a1", "a2", "asker"} {
				for _, verb := range []string{"approve", "deny", "back"} {
					presses = append(presses, b.press(who, verb, id))
					if verb == "deny" || who != "asker" && said(h, who)[0] == (verb == "back") {
						meanwhile = append(meanwhile, b.press(who, verb, id))
					}
				}
			}
		}
		if again := "again" + id; (h.State == agent.Void || h.State == agent.Expired) && len(m.holds) < 2 {
			presses = append(presses, step{"ask again", func(m *moment) {
				if _, there := m.jobs[again]; !there {
					j := agent.Job{ID: again, Org: exploredOrg, Again: id, Text: "again", Actor: rbac.Actor{Org: exploredOrg, ID: "asker", Name: "asker"}}
					m.jobs[again] = job{Job: j}
				}
			}})
		}
	}
	all = slices.Clone(presses)
	if m.plan == "p1" {
		all = append(all, step{"the plan moves", func(m *moment) { m.plan = "p2" }})
	}
	if !m.late {
		all = append(all, step{"an hour goes by", func(m *moment) {
			m.late = true
			for id, h := range m.holds {
				h.Expires = h.Expires.Add(-2 * time.Hour)
				m.holds[id] = h
			}
		}})
	}
	if !m.lost {
		all = append(all, step{"a0 loses the right", func(m *moment) { m.lost = true }})
	}
	for id, j := range m.jobs {
		if !m.open(j) {
			continue
		}
		all = append(all, step{"work", func(m *moment) { b.work(m, id, 0, 0, nil) }})
		for k := 1; k <= 4; k++ {
			all = append(all, step{fmt.Sprint("work dies at write ", k), func(m *moment) { b.work(m, id, k, 0, nil) }})
		}
		for k := 1; k <= 2; k++ {
			all = append(all, step{fmt.Sprint("another worker takes it before write ", k), func(m *moment) {
				b.work(m, id, 0, k, func(m *moment) { b.work(m, id, 0, 0, nil) })
			}})
			for _, p := range meanwhile {
				all = append(all, step{p.name + " before write " + fmt.Sprint(k), func(m *moment) { b.work(m, id, 0, k, p.do) }})
			}
		}
	}
	return all
}

// wrong says what may never be.
func (m *moment) wrong() string {
	used, started, declined := 0, 0, map[string]bool{}
	for _, h := range m.holds {
		if h.State == agent.Consumed {
			used++
		}
	}
	for _, ev := range m.events {
		h := ev.Payload.Hold
		if ev.Kind == agent.KindVerdict && h.State == agent.Denied {
			declined[h.ID] = true
		}
		if ev.Kind == agent.KindStarted {
			started++
			if declined[h.ID] {
				return "it started after it was declined"
			}
		}
	}
	switch {
	case m.unfair > 0:
		return "it ran without a valid quorum"
	case m.ran > used:
		return fmt.Sprintf("it ran %d times for %d approvals", m.ran, used)
	case started > used:
		return "an approval was used twice"
	}
	return ""
}

// explore visits every state, breadth first; it ends at the first that is wrong.
func (b *explorer) explore(t *testing.T, limit int) (states int, wrong string) {
	t.Helper()
	set, err := agent.NewToolset(lever{func() *moment { return b.at }, func(c agent.ToolCall) error { return b.at.pulled(c) }, b.loose})
	if err != nil {
		t.Fatal(err)
	}
	b.tools, b.met = set, map[agent.State]bool{}
	first := &moment{holds: map[string]agent.Hold{}, jobs: map[string]job{}, plan: "p1"}
	first.jobs["m"] = job{Job: agent.Job{ID: "m", Org: exploredOrg, Text: "pull", Actor: rbac.Actor{Org: exploredOrg, ID: "asker", Name: "asker"}}}
	b.work(first, "m", 0, 0, nil)
	if len(first.holds) != 1 {
		t.Fatalf("no card: %v", first.events)
	}
	type path struct {
		*moment
		steps []string
	}
	seen, queue := map[string]bool{first.key(): true}, []path{{first, nil}}
	for len(queue) > 0 && len(seen) < limit {
		at := queue[0]
		queue = queue[1:]
		for _, st := range b.steps(at.moment) {
			next := at.copy()
			st.do(next)
			if w := next.wrong(); w != "" {
				return len(seen), w + " after " + strings.Join(append(at.steps, st.name), ", ")
			}
			for _, h := range next.holds {
				b.met[h.State] = true
			}
			if k := next.key(); !seen[k] {
				seen[k] = true
				queue = append(queue, path{next, append(slices.Clip(at.steps), st.name)})
			}
		}
	}
	return len(seen), ""
}

func TestExploreApprovals(t *testing.T) {
	t.Parallel()
	limit := 200_000
	e := &explorer{}
	states, wrong := e.explore(t, limit)
	if wrong != "" {
		t.Fatal(wrong)
	}
	if states >= limit {
		t.Fatalf("more than %d states: the machine is not explored to its end", limit)
	}
	for _, s := range []agent.State{agent.Open, agent.Approved, agent.Denied, agent.Expired, agent.Void, agent.Consumed} {
		if !e.met[s] {
			t.Errorf("no card was ever %v", s)
		}
	}
	t.Logf("%d states", states)
}

// With a safeguard taken out, the explorer finds what goes wrong.
func TestExplorerFinds(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]*explorer{"a person counts twice": {twice: true}, "no compare-and-swap": {careless: true}, "a tool that binds nothing": {loose: true}} {
		if states, wrong := b.explore(t, 50_000); wrong == "" {
			t.Errorf("%s: nothing found in %d states", name, states)
		} else {
			t.Logf("%s: %s", name, wrong)
		}
	}
}
