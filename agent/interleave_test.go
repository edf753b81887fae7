package agent_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// One thread with one change, and many at it at once: 2 to 20 people who click, in
// processes whose clocks are up to ten minutes apart, and three workers who are
// killed and replaced. The code is the product's own; every access to the store,
// and the tool, is a point where somebody else may go first. A seed gives the same
// run each time, but for ids.

const (
	workers   = 3
	skew      = 10 * time.Minute
	pressers  = 20
	mostSteps = 4000
)

// interleaving is one such run.
type interleaving struct {
	*moment
	rnd     *rand.Rand
	need    int
	rights  map[string]bool
	plans   []string // the newest last
	passed  time.Duration
	gone    time.Time
	on      *actor
	actors  []*actor
	clicks  int
	kills   int
	pulls   map[string]int // by hold
	verdict string         // what went wrong

	twice, careless bool // safeguards taken out
	tools           agent.Toolset
}

// actor is a process at work on one thing: it goes on only when it is its turn.
type actor struct {
	name     string
	skew     time.Duration
	next     func() (struct{}, bool)
	stop     func()
	yield    func(struct{}) bool
	dead     bool
	sawRight map[string]bool // when it last read a hold
	sawPlan  int
	sawAt    time.Time
}

func (a *actor) turn() error {
	if !a.dead && !a.yield(struct{}{}) {
		a.dead = true
	}
	if a.dead {
		return errCrash
	}
	return nil
}

// begin adds an actor that does what do does.
func (r *interleaving) begin(name string, do func(a *actor)) {
	a := &actor{name: name, skew: time.Duration(r.rnd.Int64N(int64(2*skew))) - skew}
	a.next, a.stop = iter.Pull(func(yield func(struct{}) bool) {
		a.yield = yield
		if a.turn() == nil {
			do(a)
		}
	})
	r.actors = append(r.actors, a)
}

func (r *interleaving) now(a *actor) time.Time { return r.gone.Add(r.passed + a.skew) }

// product is the real thing in one process.
func (r *interleaving) product(a *actor) *agent.Runner {
	s := &shelf{moment: r.moment, careless: r.careless, step: a.turn}
	return &agent.Runner{
		Control: &agent.Control{
			Store: &reading{s, r, a}, Gate: judge{r.need, func(id string) bool { return r.rights[id] }, r.twice}, Tools: r.tools,
			Keys: map[string][]byte{exploredOrg: []byte("k")}, Clock: func() time.Time { return r.now(a) },
		},
		Model: caller{r.moment}, Patience: func(string) agent.Patience { return agent.Patience{Expiry: time.Hour} },
		Profile: func(string, string) agent.Profile {
			return agent.Profile{Budget: agent.Budget{Steps: 99, Calls: 99, Tokens: 99, Cost: 99, Wall: 1000 * time.Hour}}
		},
	}
}

// reading notes how the world was when a process last read a hold: what it judges
// cannot be older.
type reading struct {
	*shelf
	r *interleaving
	a *actor
}

func (s *reading) Held(ctx context.Context, org, id string) (agent.Hold, error) {
	h, err := s.shelf.Held(ctx, org, id)
	s.a.sawRight, s.a.sawPlan, s.a.sawAt = map[string]bool{}, len(s.r.plans)-1, s.r.now(s.a)
	for who, has := range s.r.rights {
		s.a.sawRight[who] = has
	}
	return h, err
}

// pull is the tool: a process may die before it, and after.
func (r *interleaving) pull(c agent.ToolCall) error {
	a := r.on
	if err := a.turn(); err != nil {
		return err
	}
	r.ran++
	if why := r.invalid(a, c); why != "" && r.verdict == "" {
		r.verdict = why
	}
	return a.turn()
}

// invalid tells why the call may not run, by a judgement of its own.
func (r *interleaving) invalid(a *actor, c agent.ToolCall) string {
	for id, h := range r.holds {
		if h.Call.ID != c.ID || h.State != agent.Consumed {
			continue
		}
		r.pulls[id]++
		yes := map[string]bool{}
		for _, who := range h.Approval.Standing() {
			yes[who.ID] = a.sawRight[who.ID] && who.ID != h.Request.Actor.ID
		}
		count := 0
		for _, has := range yes {
			if has {
				count++
			}
		}
		switch {
		case r.pulls[id] > 1:
			return "double: one approval, two runs"
		case count < r.need:
			return fmt.Sprintf("invalid: %d of %d approvals", count, r.need)
		case r.declined(id):
			return "invalid: it was declined"
		case !slices.Contains(r.plans[a.sawPlan:], h.Approval.Bound.Artifact):
			return "invalid: another plan"
		case !a.sawAt.Before(h.Expires):
			return "invalid: expired"
		}
		return ""
	}
	return "invalid: no approval was used"
}

func (m *moment) declined(hold string) bool {
	return slices.ContainsFunc(m.events, func(ev agent.Event) bool {
		return ev.Kind == agent.KindVerdict && ev.Payload.Hold.ID == hold && ev.Payload.Hold.State == agent.Denied
	})
}

// click is a person who looks at the newest card and then presses a button of it,
// sometimes one that is gone by then.
func (r *interleaving) click(who string) func(a *actor) {
	return func(a *actor) {
		for r.card() == nil {
			if a.turn() != nil {
				return
			}
		}
		for range 1 + r.rnd.IntN(3) {
			card := r.card()
			for range r.rnd.IntN(6) {
				if a.turn() != nil {
					return
				}
			}
			r.clicks++
			p := agent.Press{
				ID: fmt.Sprint("press", r.clicks), Org: exploredOrg, Thread: agent.Thread{Platform: "p", Channel: "c", ID: "t"},
				By: rbac.Actor{Org: exploredOrg, ID: who, Name: who}, Hold: card.ID, Code: card.Approval.PlanCode(), Text: "because",
			}
			switch n := r.rnd.IntN(20); {
			case n == 0: // declines
			case n < 3:
				p.Back = true
			default:
				p.Approve = true
			}
			_, _, err := r.product(a).Settle(context.Background(), p)
			for range 3 { // the chat delivers again what was not taken
				if !errors.Is(err, agent.ErrRaced) {
					break
				}
				_, _, err = r.product(a).Settle(context.Background(), p)
			}
		}
	}
}

// card is the newest of the thread.
func (r *interleaving) card() *agent.Hold {
	for _, ev := range slices.Backward(r.events) {
		if ev.Kind == agent.KindApproval {
			return ev.Payload.Hold
		}
	}
	return nil
}

// work is a worker: it claims what is due, now and then also what another has,
// whom it takes for dead.
func (r *interleaving) work(a *actor) {
	for a.turn() == nil {
		id, ok := r.claimable()
		if !ok {
			continue
		}
		j := r.jobs[id]
		j.fence++
		j.busy = true
		r.jobs[id] = j
		err := r.product(a).Run(context.Background(), agent.Claimed{Job: j.Job, Fence: j.fence, Attempt: 1})
		if now := r.jobs[id]; now.fence == j.fence && !a.dead {
			now.busy, now.done = false, err == nil
			r.jobs[id] = now
		}
	}
}

func (r *interleaving) claimable() (string, bool) {
	due := r.due(r.gone.Add(r.passed))
	if len(due) == 0 {
		return "", false
	}
	id := due[r.rnd.IntN(len(due))]
	return id, !r.jobs[id].busy || r.rnd.IntN(10) == 0
}

// due are the open jobs whose time has come, in the order in which they arrived.
func (m *moment) due(at time.Time) (ids []string) {
	for id, j := range m.jobs {
		if !j.done && !j.After.After(at) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return m.jobs[a].n - m.jobs[b].n })
	return ids
}

// meanwhile is what happens outside: time goes by, plans move, people lose rights,
// workers are killed and replaced.
func (r *interleaving) meanwhile() {
	switch n := r.rnd.IntN(1000); {
	case n < 20:
		r.passed += time.Duration(r.rnd.Int64N(int64(4 * time.Minute)))
	case n < 23:
		r.plan = fmt.Sprint("p", len(r.plans)+1)
		r.plans = append(r.plans, r.plan)
	case n < 30:
		r.rights[fmt.Sprint("a", r.rnd.IntN(pressers))] = false
	case n < 50:
		i := slices.IndexFunc(r.actors, func(a *actor) bool { return a.name == "worker" })
		r.kill(i + r.rnd.IntN(workers))
	}
}

func (r *interleaving) kill(i int) {
	if i < 0 || i >= len(r.actors) || r.actors[i].name != "worker" {
		return
	}
	r.kills++
	r.on = r.actors[i]
	r.on.stop()
	r.actors = slices.Delete(r.actors, i, i+1)
	r.begin("worker", r.work)
}

// run plays it to its end, and says what went wrong.
func (r *interleaving) run() string {
	for range workers {
		r.begin("worker", r.work)
	}
	clickers := 2 + r.rnd.IntN(pressers-1)
	for range clickers {
		who := fmt.Sprint("a", r.rnd.IntN(clickers))
		if r.rnd.IntN(10) == 0 {
			who = "asker"
		}
		r.begin("clicker", r.click(who))
	}
	for range mostSteps {
		if r.verdict != "" || len(r.actors) == workers && r.settled() {
			break
		}
		r.meanwhile()
		i := r.rnd.IntN(len(r.actors))
		r.on = r.actors[i]
		if _, on := r.on.next(); !on {
			r.actors = slices.Delete(r.actors, i, i+1)
		}
	}
	for _, a := range r.actors {
		r.on = a
		a.stop()
	}
	return r.verdict
}

// settled tells that nothing is due: if a card still waits, its time is over then.
func (r *interleaving) settled() bool {
	if len(r.due(r.gone.Add(r.passed))) > 0 {
		return false
	}
	if c := r.card(); c != nil {
		if h := r.holds[c.ID]; h.Pending() {
			r.passed += 2 * time.Hour
			return false
		}
	}
	return true
}

// lost names what was begun and never told of.
func (r *interleaving) lost() string {
	for id, h := range r.holds {
		told := slices.ContainsFunc(r.events, func(ev agent.Event) bool {
			return ev.Kind == agent.KindResult && ev.Payload.Call.ID == h.Call.ID
		})
		if h.Pending() || !told {
			return "lost: a card that is " + h.State.String() + " has no result: " + id
		}
	}
	return ""
}
