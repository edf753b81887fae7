package schedulertest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/scheduler"
)

// Simulation drives two schedulers, which are killed and restarted at random while
// their clocks jump, and compares what is on record with a plain enumeration.
type Simulation struct {
	Claims scheduler.Claims
	Rows   func() []Row // all that is on record
	Finish func()       // ends all jobs
	Start  time.Time
	Days   int
	Seed   uint64
}

// simulated are the schedules, of several zones and kinds of expressions.
var simulated = []struct {
	name, expr, zone string
	missed           scheduler.Missed
	catchUp          int
}{
	{"morning", "30 2 * * *", "Europe/Berlin", scheduler.Once, 0},
	{"night", "30 1 * * *", "America/New_York", scheduler.All, 3},
	{"lord-howe", "45 1,2 * * *", "Australia/Lord_Howe", scheduler.Once, 0},
	{"half", "*/30 * * * *", "Asia/Kathmandu", scheduler.All, 100},
	{"hourly", "7 * * * *", "America/New_York", scheduler.Skip, 0},
	{"workdays", "0 7 * * 1-5", "Europe/Berlin", scheduler.Skip, 0},
	{"sundays", "15 3 * * 7", "Europe/London", scheduler.Once, 0},
	{"monthly", "0 6 1 * *", "UTC", scheduler.Once, 0},
	{"leap", "0 0 29 2 *", "Asia/Tokyo", scheduler.Once, 0},
	{"every", "@every 7h", "Europe/Berlin", scheduler.Once, 0},
}

var errKilled = errors.New("killed")

// node is one replica. The end of its life is decided when it claims.
type node struct {
	*scheduler.Scheduler
	scheduler.Claims
	skew    time.Duration // of its clock
	wakes   time.Time     // by true time
	dies    int           // 1 before it claims, 2 after it
	touched bool          // it has written since it was last asked
}

// Claim may kill the node before or after the transaction.
func (n *node) Claim(ctx context.Context, org string, all ...scheduler.Claim) (int, error) {
	if n.dies == 1 {
		return 0, errKilled
	}
	enqueued, err := n.Claims.Claim(ctx, org, all...)
	n.touched = true
	if n.dies == 2 {
		return 0, errKilled
	}
	return enqueued, err
}

// Run simulates. It reports every due time that was missed, doubled, or judged otherwise
// than the oracle does.
func (s Simulation) Run(t *testing.T) {
	t.Helper()
	start := s.Start
	w := &simulation{T: t, Simulation: s, rand: rand.New(rand.NewPCG(s.Seed, 1)), now: start, seen: start, want: map[string]bool{}}
	for _, one := range simulated {
		sc := simulate(t, one.name, one.expr, one.zone, one.missed, one.catchUp)
		w.schedules, w.next = append(w.schedules, sc), append(w.next, sc.Cron.Next(start, sc.Zone))
	}
	for range 2 {
		w.nodes = append(w.nodes, &node{Claims: s.Claims})
	}
	w.restart(w.nodes[0])
	w.tick(w.nodes[0]) // from now on everything counts
	w.restart(w.nodes[1])
	for end := start.Add(time.Duration(s.Days) * 24 * time.Hour); w.now.Before(end); {
		w.step()
	}
	for _, n := range w.nodes { // in the end all is well
		n.skew, n.dies = 0, 0
		w.tick(n)
	}
	w.compare()
}

type simulation struct {
	*testing.T
	Simulation
	rand      *rand.Rand
	now       time.Time // the true time
	seen      time.Time // up to when, by any clock, everything is on record
	schedules []scheduler.Schedule
	next      []time.Time // when each is due next, by the oracle
	nodes     []*node
	want      map[string]bool // by schedule and due time: whether it runs
	jumps     int
	kills     int
}

func simulate(t *testing.T, name, expr, zone string, missed scheduler.Missed, catchUp int) scheduler.Schedule {
	t.Helper()
	c, err := scheduler.ParseCron(expr)
	if err != nil {
		t.Fatal(err)
	}
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return scheduler.Schedule{
		Org: agenttest.Org, Name: name, Cron: c, Expr: expr, Zone: z, Missed: missed, CatchUp: catchUp,
		Job: func(due time.Time) agent.Job {
			return agent.Job{Thread: agenttest.Thread("~" + name + due.Format(time.DateOnly))}
		},
	}
}

// restart is a new process: it knows nothing but the record.
func (w *simulation) restart(n *node) {
	n.Scheduler = &scheduler.Scheduler{
		Claims: n, Schedules: w.schedules, Log: slog.New(slog.DiscardHandler),
		Clock: func() time.Time { return w.now.Add(n.skew) },
	}
	n.wakes, n.dies = w.now, 0
}

// step goes to the next wake, and lets something happen there.
func (w *simulation) step() {
	n := w.nodes[0]
	if o := w.nodes[1]; o.wakes.Before(n.wakes) {
		n = o
	}
	if n.wakes.After(w.now) {
		w.now = n.wakes
	}
	switch w.rand.IntN(4000) {
	case 0: // killed, and away for a while, which may be a day
		w.kills++
		w.restart(n)
		n.wakes = w.now.Add(time.Duration(w.rand.Int64N(int64(26 * time.Hour))))
		if w.rand.IntN(3) == 0 { // the whole machine
			for _, o := range w.nodes {
				w.restart(o)
				o.wakes = n.wakes
			}
		}
		return
	case 1: // forward, up to hours
		w.jumps++
		n.skew += time.Duration(w.rand.Int64N(int64(3 * time.Hour)))
	case 2: // back, up to an hour
		w.jumps++
		n.skew -= time.Duration(w.rand.Int64N(int64(time.Hour)))
	case 3: // set right
		w.jumps++
		n.skew = 0
	case 4, 5, 6, 7, 8, 9:
		n.dies = 1 + w.rand.IntN(2) // at its next claim
	}
	w.tick(n)
}

func (w *simulation) tick(n *node) {
	now := w.now.Add(n.skew)
	n.touched = false
	wait, err := n.Tick(w.Context())
	if n.touched || err == nil {
		w.expect(now)
	}
	w.Finish()
	switch {
	case errors.Is(err, errKilled):
		w.kills++
		w.restart(n)
		n.wakes = w.now.Add(time.Duration(w.rand.Int64N(int64(2 * time.Hour))))
	case err != nil:
		w.Fatal(err)
	default:
		n.wakes = w.now.Add(max(wait, time.Millisecond))
	}
}

// expect notes what a tick must have left on record: of the due times that no clock had
// shown yet, the newest run, as their policy says.
func (w *simulation) expect(now time.Time) {
	if !now.After(w.seen) {
		return
	}
	for i, sc := range w.schedules {
		var dues []time.Time
		for ; !w.next[i].IsZero() && !w.next[i].After(now); w.next[i] = sc.Cron.Next(w.next[i], sc.Zone) {
			dues = append(dues, w.next[i])
		}
		runs := 1
		switch {
		case sc.Missed == scheduler.All:
			runs = sc.CatchUp
		case sc.Missed == scheduler.Skip && len(dues) > 0 && now.Sub(dues[len(dues)-1]) > time.Minute:
			runs = 0
		}
		for i, due := range dues {
			w.want[key(sc.Name, due)] = i >= len(dues)-runs
		}
	}
	w.seen = now
}

func key(schedule string, due time.Time) string { return fmt.Sprint(schedule, "@", due.Unix()) }

// compare finds what was missed, doubled or judged otherwise.
func (w *simulation) compare() {
	w.Helper()
	var missed, doubled, wrong, ran int
	jobs, found := map[string]bool{}, map[string]bool{}
	for _, r := range w.Rows() {
		k := key(r.Schedule, r.Due)
		runs, due := w.want[k]
		switch {
		case !due, found[k], r.Job != "" && jobs[r.Job]:
			doubled++
		case runs != (r.Job != ""):
			wrong++
		}
		found[k] = true
		if r.Job != "" {
			ran, jobs[r.Job] = ran+1, true
		}
	}
	for k := range w.want {
		if !found[k] {
			missed++
		}
	}
	if missed+doubled+wrong > 0 {
		w.Errorf("%d missed, %d doubled, %d judged otherwise", missed, doubled, wrong)
	}
	if w.kills == 0 || w.jumps == 0 || ran == len(w.want) {
		w.Errorf("nothing went wrong: %d kills, %d jumps, %d of %d ran", w.kills, w.jumps, ran, len(w.want))
	}
	w.Logf("%d days: %d due times, %d ran, %d said why not; %d kills, %d jumps of clocks; %d missed, %d doubled",
		w.Days, len(w.want), ran, len(w.want)-ran, w.kills, w.jumps, missed, doubled)
}
