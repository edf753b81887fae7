package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

var canarySessions = flag.Int("sessions", 30, "how many sessions look for the canaries")

// Two hundred canaries, in every slot that secrets have, appear nowhere else: not in
// a sandbox, its environment, the log, the store, a prompt, a chat. The sessions
// whose model looks for them run on the real wiring, four at once.
//
// It takes no part in what runs side by side: the environment of the host is its own.
func TestCanaries(t *testing.T) {
	a := newAviary(t, 1)
	a.fly(*canarySessions)
	a.provider()
	for _, place := range slices.Sorted(maps.Keys(a.looks)) {
		t.Logf("searched %d times: %s", a.looks[place], place)
	}
	for _, leak := range a.leaks() {
		t.Error(leak)
	}
	t.Run("what is planted is found", func(t *testing.T) {
		for _, miss := range a.plant() {
			t.Error(miss)
		}
	})
}

// aviary is the product at work among the canaries, and all that it let out.
type aviary struct {
	*testing.T
	*search
	app     *app
	world   *demoWorld
	all     []*canary
	planted *canary
	files   map[string]string // of the repository, with canaries
	home    string
	log     *tap

	mu    sync.Mutex
	found map[string]*leak
	looks map[string]int // how often a place was searched
}

// leak is a canary that was found, in a place and a form.
type leak struct {
	sighting
	place string
	times int
}

// look searches a place. What it holds by right is told by may.
func (a *aviary) look(place string, b []byte, may func(*canary) bool) {
	all := a.find(b)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.looks[place]++
	for _, s := range all {
		if may != nil && may(s.canary) {
			continue
		}
		k := place + "\n" + s.name + "\n" + s.form
		if a.found[k] == nil {
			a.found[k] = &leak{sighting: s, place: place}
		}
		a.found[k].times++
	}
}

// Workspaces hold what the repository holds, and plans what they are about, too.
func inRepo(c *canary) bool { return c.inRepo }
func inPlan(c *canary) bool { return c.inRepo || c.slot == ofPlan }

// leaks says what was found, by place, slot and form, with an example of each.
func (a *aviary) leaks() (all []string) {
	group, count := map[string]*leak{}, map[string]map[string]bool{}
	for _, k := range slices.Sorted(maps.Keys(a.found)) {
		l := a.found[k]
		g := fmt.Sprintf("%s: %s, as %s", l.place, l.slot, l.form)
		if group[g] == nil {
			group[g], count[g] = l, map[string]bool{}
		}
		count[g][l.name] = true
	}
	for _, g := range slices.Sorted(maps.Keys(group)) {
		all = append(all, fmt.Sprintf("%s: %d canaries, such as %s: %q", g, len(count[g]), group[g].name, group[g].around))
	}
	return all
}

// fly lets sessions go, four at once; then one whose change is approved, and a scan
// that nobody asked for. Then all that they left is searched.
func (a *aviary) fly(n int) {
	a.Helper()
	a.run(func(ctx context.Context) error {
		if err := a.planned(ctx); err != nil {
			return err
		}
		var flock errgroup.Group
		flock.SetLimit(4)
		for i := range n {
			flock.Go(func() error { return a.session(ctx, fmt.Sprint("session ", i), i%50 == 0) })
		}
		return errors.Join(flock.Wait(), a.approved(ctx), a.scanned(ctx))
	})
	a.aftermath()
}

// run does something while the product works.
func (a *aviary) run(do func(context.Context) error) {
	a.Helper()
	ctx, stop := context.WithCancel(a.Context())
	var all errgroup.Group
	all.Go(func() error { return a.app.worker.Run(ctx) })
	all.Go(func() error { return a.app.show(ctx) })
	err := do(ctx)
	for err == nil { // until all is shown
		st, serr := a.app.db.Stats(ctx)
		if err = serr; st.OutboxPending == 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	if err := errors.Join(err, all.Wait()); err != nil {
		a.Fatal(err)
	}
}

// session is one thread from its question to its rest; then its sandbox is
// searched, and goes.
func (a *aviary) session(ctx context.Context, text string, whole bool) error {
	s, err := a.ask(ctx, text)
	if err == nil {
		err = a.sandbox(ctx, s.ID, whole)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	_, err = a.app.box.Sweep(ctx, func(_ context.Context, _, session, _ string) bool { return session != s.ID })
	return err
}

func canaryThread(text string) agent.Thread {
	return agent.Thread{Platform: "console", Channel: "payments", ID: strings.ReplaceAll(text, " ", "-")}
}

func canaryPerson(id string) rbac.Actor {
	return rbac.Actor{Org: demoOrg, Platform: "console", ID: id, Name: id}
}

func (a *aviary) ask(ctx context.Context, text string) (*agent.Session, error) {
	th := canaryThread(text)
	_, err := a.app.in.Mention(ctx, bot.Mention{ID: th.ID, Org: demoOrg, Thread: th, Text: text, Actor: canaryPerson("alice")})
	if err != nil {
		return nil, err
	}
	return a.until(ctx, th, func(log []agent.Event) bool { return rested(log, th.ID) })
}

// until waits for something in a thread's log.
func (a *aviary) until(ctx context.Context, th agent.Thread, is func([]agent.Event) bool) (*agent.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, sceneLimit)
	defer cancel()
	for {
		s, err := a.app.db.Open(ctx, demoOrg, th)
		if err != nil || is(s.Events) {
			return s, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: nothing came of it\n%s", th.ID, record{events: s.Events})
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// planned has a plan made: from then on it is known which values are sensitive.
func (a *aviary) planned(ctx context.Context) error {
	s, err := a.ask(ctx, "make a plan")
	if err == nil && !slices.ContainsFunc(s.Events, func(ev agent.Event) bool { return ev.Payload.Result != nil && ev.Payload.Result.Plan != nil }) {
		err = fmt.Errorf("no plan was made\n%s", record{events: s.Events})
	}
	return err
}

// approved has a plan applied, and looks at the containers that do it.
func (a *aviary) approved(ctx context.Context) error {
	watched := make(chan error, 1)
	wctx, stop := context.WithCancel(ctx)
	go func() { watched <- a.watch(wctx) }()
	s, err := a.ask(ctx, "apply it")
	if err != nil {
		stop()
		return errors.Join(err, <-watched)
	}
	holds, err := a.app.db.OpenHolds(ctx, demoOrg)
	for _, h := range holds {
		if h.Session == s.ID && h.Approval != nil {
			_, err = a.app.in.Click(ctx, bot.Click{
				ID: "press", Org: demoOrg, Thread: s.Thread, Actor: canaryPerson("bob"), Verb: "approve", Value: h.ID + "." + h.Approval.PlanCode(),
			})
		}
	}
	if err == nil {
		_, err = a.until(ctx, s.Thread, func(log []agent.Event) bool {
			return slices.ContainsFunc(log, func(ev agent.Event) bool {
				return ev.Kind == agent.KindResult && ev.Payload.Result.Applied == "applied"
			}) && log[len(log)-1].Kind == agent.KindAnswer
		})
	}
	stop()
	return errors.Join(err, <-watched)
}

// scanned is a scan by schedule.
func (a *aviary) scanned(ctx context.Context) error {
	if err := a.world.open("api"); err != nil {
		return err
	}
	sc, now := a.app.scheduler.Schedules[0], time.Now()
	if _, err := a.app.scheduler.Fire(ctx, sc, now); err != nil {
		return err
	}
	_, err := a.until(ctx, sc.Job(now).Thread, func(log []agent.Event) bool {
		return slices.ContainsFunc(log, func(ev agent.Event) bool { return ev.Kind == agent.KindFinding })
	})
	return err
}
