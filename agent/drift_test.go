package agent_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/rbac"
)

// beach is a world that drifts: scans of its stacks see what the test puts there.
type beach struct {
	*testing.T
	agenttest.Memory
	seen    map[string][]agent.Finding
	broken  map[string]string
	home    string
	linters []string      // that schedules use
	takes   time.Duration // a scan
	n       int
}

func (*beach) Spec() agent.ToolSpec {
	return agent.ToolSpec{Name: "drift_scan", Schema: json.RawMessage(`{"type": "object"}`), Lost: agent.Rerun}
}

func (*beach) Action(_ context.Context, _ string, args json.RawMessage) (rbac.Action, error) {
	return rbac.Action{Tool: "drift_scan", Effect: rbac.Read, Stack: stackOf(args), Environment: "prod"}, nil
}

func stackOf(args json.RawMessage) string {
	var a struct{ Stack string }
	_ = json.Unmarshal(args, &a)
	return a.Stack
}

func (b *beach) Run(_ context.Context, _ agent.Env, c agent.ToolCall) (agent.ToolResult, error) {
	stack := stackOf(c.Args)
	seen := b.seen[stack]
	time.Sleep(b.takes)
	if strings.Contains(string(c.Args), "scanner") {
		stack += " lint"
	}
	if why := b.broken[stack]; why != "" {
		return agent.ToolResult{Failed: true, Text: why}, nil
	}
	stack = stackOf(c.Args)
	scan := &agent.ScanNews{Stack: stack, Environment: "prod", Commit: "c1", New: seen}
	if strings.Contains(string(c.Args), "scanner") {
		scan.Scanner, scan.New = "lint", nil
	}
	return agent.ToolResult{Scan: scan, Label: rbac.Label{Integrity: rbac.Foreign, Origins: []string{"scan"}}}, nil
}

// Decide lets everybody read, and nobody called viewer propose.
func (*beach) Decide(_ context.Context, r rbac.Request) rbac.Decision {
	if r.Action.Effect > rbac.Read && r.Actor.ID == "viewer" {
		return rbac.Decision{Outcome: rbac.Deny, Reasons: []string{"viewers may not"}}
	}
	return rbac.Decision{Outcome: rbac.Allow}
}

func (b *beach) May(ctx context.Context, _ rbac.Actor, _ rbac.Verb, r rbac.Request) rbac.Decision {
	return b.Decide(ctx, r)
}

func (*beach) Missing(context.Context, rbac.Request, []rbac.Actor) []rbac.Need { return nil }

// onBeach runs a test in fake time, with a worker.
func onBeach(t *testing.T, test func(b *beach)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &beach{T: t, home: "home", linters: []string{"lint"}, seen: map[string][]agent.Finding{}, broken: map[string]string{}}
		tools, err := agent.NewToolset(b)
		if err != nil {
			t.Fatal(err)
		}
		r := &agent.Runner{
			Control: &agent.Control{Store: &b.Memory, Gate: b, Tools: tools},
			Profile: func(string, string) agent.Profile {
				return agent.Profile{Budget: agent.Budget{Steps: 9, Calls: 9, Plans: 9, Wall: time.Hour, Tokens: 9}}
			},
			Patience: func(string) agent.Patience { return agent.Patience{Expiry: time.Hour} },
			Home:     func(string, string) agent.Thread { return agent.Thread{Platform: "console", Channel: b.home} },
			Scanners: func(string, string) []string { return b.linters },
			Alike: func(ctx context.Context, org string, d agent.Drift) (all []agent.Drift, err error) {
				for stack := range b.seen {
					if o, err := b.Drift(ctx, org, stack); d.Shared() && err == nil && o.Open() && o.Thread == d.Thread {
						all = append(all, o)
					} else if !d.Shared() && d.Change() != "" && err == nil && o.Open() && o.Change() == d.Change() {
						all = append(all, o)
					}
				}
				slices.SortFunc(all, func(a, b agent.Drift) int { return cmp.Or(a.Began.Compare(b.Began), cmp.Compare(a.Stack, b.Stack)) })
				return all, nil
			},
		}
		for range 2 {
			agenttest.Work(t, &b.Memory, func(ctx context.Context, c agent.Claimed) error { return r.Run(ctx, c) })
		}
		test(b)
	})
}

// scan has a schedule look at a stack, and waits until all is told.
func (b *beach) scan(stack string) {
	b.Helper()
	b.do(b.scanning(stack))
}

func (b *beach) scanning(stack string) agent.Job {
	b.n++
	id := fmt.Sprintf("nightly@%d", b.n)
	return agent.Job{
		ID: id, Thread: agent.Thread{Platform: "console", Channel: "scans", ID: "~scan/" + stack + "/day"},
		Actor: rbac.Actor{Org: agenttest.Org, Platform: agent.Scheduled, ID: "nightly", Name: "nightly"},
		Scan:  &agent.Scan{Schedule: "nightly", Stack: stack, Call: agent.DriftScan(stack), Tries: 3, Wait: time.Minute},
	}
}

func (b *beach) judge(who string, j agent.Judgement) {
	b.Helper()
	b.n++
	if j.Kind == agent.Accept && j.Seen == "" {
		j.Seen = b.drift(j.Stack).Unsettled()
	}
	b.do(agent.Job{ID: fmt.Sprintf("press%d", b.n), Thread: b.drift(j.Stack).Thread, Actor: agenttest.Person(agenttest.Org, who), Judge: &j})
}

// do has jobs run that come at once, and waits until all is told.
func (b *beach) do(all ...agent.Job) {
	b.Helper()
	for _, j := range all {
		j.Org, j.Trace, j.Tier = agenttest.Org, j.ID, rbac.Gated
		if err := b.Enqueue(b.Context(), j); err != nil {
			b.Fatal(err)
		}
	}
	time.Sleep(time.Second)
	synctest.Wait()
}

func (b *beach) drift(stack string) agent.Drift {
	b.Helper()
	d, err := b.Drift(b.Context(), agenttest.Org, stack)
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// told are the events of a stack's thread, as kinds and what people hear.
func (b *beach) told(stack string) (all []string) {
	b.Helper()
	s, err := b.Open(b.Context(), agenttest.Org, b.drift(stack).Thread)
	if err != nil {
		b.Fatal(err)
	}
	for _, ev := range s.Events {
		text := string(ev.Kind)
		if ev.Kind == agent.KindNotice || ev.Kind == agent.KindRefused {
			text += " " + ev.Payload.Title + ": " + ev.Payload.Text
		}
		all = append(all, text)
	}
	return all
}

func (b *beach) wants(stack string, want ...string) {
	b.Helper()
	got := b.told(stack)
	if len(got) != len(want) {
		b.Fatalf("%s was told\n%s\nwant\n%s", stack, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for i := range got {
		if !strings.Contains(got[i], want[i]) {
			b.Errorf("%s was told %q, want %q", stack, got[i], want[i])
		}
	}
}

func open(stack, attribute, real string) agent.Finding {
	return agent.Finding{Stack: stack, Fingerprint: stack + attribute, Resource: "rule.api", Attribute: attribute, Code: "10.0.0.0/8", Real: real}
}

// A drift lives through found, judged, moved on, reverted and closed, in one thread; the
// next one has a thread of its own.
func TestADriftHasOneThread(t *testing.T) {
	t.Parallel()
	onBeach(t, func(b *beach) {
		b.scan("web")
		if d := b.drift("web"); d.Open() || d.Clean.IsZero() || d.Began != (time.Time{}) {
			b.Errorf("a clean stack is %+v", d)
		}
		b.seen["web"] = []agent.Finding{open("web", "source", "0.0.0.0/0")}
		b.scan("web")
		first := b.drift("web")
		b.wants("web", "finding")
		if first.Thread.Channel != "home" || !strings.HasPrefix(first.Thread.ID, "~drift/web/") {
			b.Errorf("told in %v", first.Thread)
		}
		b.scan("web") // nothing new
		b.wants("web", "finding")
		b.seen["web"] = append(b.seen["web"], open("web", "port", "80"))
		b.scan("web")
		b.wants("web", "finding", "New drift: New: rule.api port.", "finding")
		b.seen["web"] = b.seen["web"][1:]
		b.scan("web")
		b.seen["web"] = nil
		b.scan("web")
		b.wants("web", "finding", "New drift", "finding", "Less drift: Gone: rule.api source.", "finding", "Back to code: Gone: rule.api port. web matches its code again", "finding")
		if d := b.drift("web"); d.Open() || len(d.Findings) > 0 || d.Thread != first.Thread {
			b.Errorf("a drift that is over is %+v", d)
		}
		b.seen["web"] = []agent.Finding{open("web", "source", "0.0.0.0/0")}
		b.scan("web")
		if d := b.drift("web"); d.Thread == first.Thread || !d.Open() {
			b.Error("the next drift is told in the thread of the last one")
		}
		b.wants("web", "finding")
	})
}

// What is accepted is quiet until its time is over or the world moves on.
func TestAnAcceptanceEnds(t *testing.T) {
	t.Parallel()
	onBeach(t, func(b *beach) {
		b.seen["web"] = []agent.Finding{open("web", "source", "0.0.0.0/0")}
		b.scan("web")
		until := time.Now().Add(time.Hour)
		accept := agent.Judgement{Kind: agent.Accept, Stack: "web", Until: until, Because: "a test of the vendor"}
		b.judge("viewer", accept)
		if d := b.drift("web"); d.Settled() != 0 {
			b.Error("a viewer accepted")
		}
		b.judge("alice", agent.Judgement{Kind: agent.Own, Stack: "web"})
		b.judge("alice", accept)
		d := b.drift("web")
		if d.Settled() != 1 || d.Findings[0].Owner == nil || d.Findings[0].Accepted.By.ID != "alice" {
			b.Fatalf("judged %+v", d.Findings)
		}
		b.judge("alice", accept)
		b.scan("web") // quiet
		want := []string{"finding", "refused", "takes 1 finding", "drift", "accepted 1 finding until", "drift", "Nothing to do"}
		b.wants("web", want...)
		time.Sleep(time.Until(until) + time.Minute)
		synctest.Wait()
		want = append(want, "Accepted no longer: Not accepted any more: rule.api source.", "finding")
		b.wants("web", want...)
		b.judge("alice", agent.Judgement{Kind: agent.Accept, Stack: "web", Until: time.Now().Add(time.Hour), Because: "again"})
		b.seen["web"][0].Real = "1.2.3.0/24"
		b.scan("web")
		want = append(want, "accepted 1 finding", "drift", "Accepted no longer: Not accepted any more: rule.api source.", "finding")
		b.wants("web", want...)
	})
}

// A scan that cannot look is tried again, then told, and never taken for no drift.
func TestAFailingScanIsTold(t *testing.T) {
	t.Parallel()
	onBeach(t, func(b *beach) {
		b.broken["web"] = "Error: no provider"
		b.scan("web")
		if d := b.drift("web"); d.Version != 0 {
			b.Errorf("after the first try it is %+v", d)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		d := b.drift("web")
		if !d.Open() || d.Sights[""].Failing.IsZero() || d.Sights[""].Failed != "Error: no provider" || !d.Scanned.IsZero() {
			b.Fatalf("a stack that cannot be scanned is %+v", d)
		}
		b.wants("web", "finding")
		b.scan("web")
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		b.wants("web", "finding") // told once
		delete(b.broken, "web")
		b.scan("web")
		b.wants("web", "finding", "Back to code", "finding")
	})
}

// The same change in many stacks is one thread from the sixth on, which the first five join.
func TestTheSameDriftIsOneThread(t *testing.T) {
	t.Parallel()
	onBeach(t, func(b *beach) {
		show := func(stack string) {
			b.seen[stack] = []agent.Finding{open(stack, "tags", "owner=nobody")}
			b.scan(stack)
		}
		for i := range 5 {
			show(fmt.Sprintf("web%d", i))
		}
		apart := b.drift("web1").Thread
		b.judge("ana", agent.Judgement{Kind: agent.Own, Stack: "web0"})
		for i := range 5 {
			if d := b.drift(fmt.Sprintf("web%d", i)); d.Shared() || len(d.Alike) > 0 {
				b.Errorf("%s is told with %v", d.Stack, d.Alike)
			}
		}
		for i := range 4 {
			show(fmt.Sprintf("web%d", 5+i))
		}
		together := b.drift("web8").Thread
		for i := range 9 {
			if d := b.drift(fmt.Sprintf("web%d", i)); (d.Thread == together) != (i > 0) { // somebody has the first in hand
				b.Errorf("%s is told in %v", d.Stack, d.Thread)
			}
		}
		if d := b.last(apart); !d.Joined || d.Stack != "web1" || len(d.Alike) != 5 {
			b.Errorf("a thread of its own ends with %+v", d)
		}
		if d := b.last(together); d.Stack != "web8" || len(d.Alike) != 8 {
			b.Errorf("told as one with %v", d.Alike)
		}
		b.seen["web8"] = nil
		b.scan("web8")
		if d := b.drift("web8"); d.Open() || len(d.Alike) != 7 {
			b.Errorf("when it is over, told as one with %v", d.Alike)
		}
		b.seen["web7"] = append(b.seen["web7"], open("web7", "port", "80"))
		b.scan("web7") // it shows more than the others do
		if d := b.drift("web7"); d.Thread == together || d.Shared() || len(d.Alike) > 0 {
			b.Errorf("what differs is told in %v with %v", d.Thread, d.Alike)
		}
		if d := b.last(together); len(d.Alike) != 6 || d.Stack == "web7" || d.Stack == "web8" { // web0 shows it too
			b.Errorf("the thread of several ends with %+v", d)
		}
	})
}

// Stacks that are scanned two at a time, so that neither sees the other yet, are one
// thread all the same: also when two are the first to open it.
func TestTheSameDriftAtOnce(t *testing.T) {
	t.Parallel()
	for _, stacks := range []string{"abcdef", "abcdefg", "abcdefgh"} {
		for _, alone := range []bool{false, true} {
			onBeach(t, func(b *beach) {
				b.takes = time.Second / 2
				var jobs []agent.Job
				for _, stack := range strings.Split(stacks, "") {
					b.seen[stack] = []agent.Finding{open(stack, "tags", "owner=nobody")}
					jobs = append(jobs, b.scanning(stack))
				}
				if alone {
					b.do(jobs[0])
				}
				b.do(jobs...)
				time.Sleep(time.Minute)
				b.scan("a") // of six in pairs, none sees the five others at first
				time.Sleep(time.Minute)
				synctest.Wait()
				together := b.drift("a").Thread
				for stack := range b.seen {
					if d := b.drift(stack); !d.Shared() || d.Thread != together {
						b.Errorf("%s, %v: %s is told in %v, another in %v", stacks, alone, stack, d.Thread, together)
					}
				}
				if d := b.last(together); len(d.Alike) != len(stacks)-1 {
					b.Errorf("%s, %v: told as one with %v", stacks, alone, d.Alike)
				}
			})
		}
	}
}

// last is the newest that a thread was told of a drift.
func (b *beach) last(in agent.Thread) agent.Drift {
	b.Helper()
	s, err := b.Open(b.Context(), agenttest.Org, in)
	if err != nil {
		b.Fatal(err)
	}
	for _, ev := range slices.Backward(s.Events) {
		if ev.Payload.Drift != nil {
			return *ev.Payload.Drift
		}
	}
	b.Fatalf("nothing was told in %v", in)
	return agent.Drift{}
}

// What one scanner cannot see is not made good by another one that can.
func TestEachScannerSeesForItself(t *testing.T) {
	t.Parallel()
	onBeach(t, func(b *beach) {
		lint := func() {
			b.n++
			id := fmt.Sprintf("lint@%d", b.n)
			b.do(agent.Job{
				ID: id, Thread: agent.Thread{Platform: "console", Channel: "scans", ID: "~scan/web/lint"}, Actor: rbac.Actor{Org: agenttest.Org, Platform: agent.Scheduled, ID: "lint"},
				Scan: &agent.Scan{Schedule: "lint", Stack: "web", Scanner: "lint", Call: agent.ToolCall{Tool: "drift_scan", Args: []byte(`{"stack":"web","scanner":"lint"}`)}},
			})
		}
		b.broken["web"] = "no provider"
		b.scan("web")
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		lint()
		if d := b.drift("web"); !d.Open() || !d.Clean.IsZero() || d.Sights["lint"].Looked.IsZero() {
			b.Errorf("a clean lint ends a drift that cannot be scanned: %+v", d)
		}
		b.wants("web", "finding")
		b.broken["web lint"] = "there is no lint"
		lint()
		if blind := b.drift("web").Blind(); len(blind) != 2 {
			b.Errorf("blind are %v", blind)
		}
		b.wants("web", "finding", "Not scanned: web cannot be scanned by lint: there is no lint", "finding")
		b.broken["web lint"] = "there is no lint, again"
		lint() // no news
		b.wants("web", "finding", "Not scanned", "finding")
		delete(b.broken, "web")
		b.linters = nil // no schedule uses it any more
		b.scan("web")
		if d := b.drift("web"); d.Open() || len(d.Sights) != 1 {
			b.Errorf("a scanner that looks no more keeps it open: %+v", d)
		}
		version := b.drift("web").Version
		lint()
		if d := b.drift("web"); d.Version != version {
			b.Errorf("what nobody looks at again is known of the stack: %+v", d)
		}
	})
}

// What a scan read is foreign text in the stack's thread, too; a value that moves on is
// drawn anew, without a word.
func TestNewsCarryTheirLabel(t *testing.T) {
	t.Parallel()
	onBeach(t, func(b *beach) {
		b.seen["web"] = []agent.Finding{open("web", "source", "0.0.0.0/0")}
		b.scan("web")
		b.seen["web"][0].Real = "1.2.3.4/32"
		b.scan("web")
		b.wants("web", "finding", "finding")
		s, err := b.Open(b.Context(), agenttest.Org, b.drift("web").Thread)
		if err != nil {
			b.Fatal(err)
		}
		for _, ev := range s.Events {
			if ev.Label.Integrity != rbac.Foreign {
				b.Errorf("%s is labelled %+v", ev.Kind, ev.Label)
			}
		}
		if real := s.Events[1].Payload.Drift.Findings[0].Real; real != "1.2.3.4/32" {
			b.Errorf("the card shows %s", real)
		}
	})
}

// An acceptance is of what the person saw; its end says nothing of what is gone.
func TestAnAcceptanceIsOfWhatWasSeen(t *testing.T) {
	t.Parallel()
	onBeach(t, func(b *beach) {
		b.seen["web"] = []agent.Finding{open("web", "source", "0.0.0.0/0")}
		b.scan("web")
		accept := agent.Judgement{Kind: agent.Accept, Stack: "web", Until: time.Now().Add(time.Hour), Because: "a test", Seen: b.drift("web").Unsettled()}
		b.seen["web"] = append(b.seen["web"], open("web", "port", "22"))
		b.scan("web")
		b.judge("alice", accept)
		if d := b.drift("web"); d.Settled() != 0 {
			b.Errorf("%d findings are accepted that nobody saw", d.Settled())
		}
		accept.Seen = ""
		b.judge("alice", accept)
		b.seen["web"] = nil
		b.scan("web")
		n := len(b.told("web"))
		time.Sleep(90 * time.Minute)
		synctest.Wait()
		if all := b.told("web"); len(all) != n {
			b.Errorf("after the end it says %q", all[n:])
		}
	})
}

// A look that began before a newer one changes nothing.
func TestAnOldLookChangesNothing(t *testing.T) {
	t.Parallel()
	onBeach(t, func(b *beach) {
		b.seen["web"] = []agent.Finding{open("web", "source", "0.0.0.0/0")}
		b.takes = time.Minute
		b.scan("web")
		b.seen["web"], b.takes = nil, 0
		b.do(agent.Job{ // begins later, and is done first
			ID: "quick", Thread: agent.Thread{Platform: "console", Channel: "scans", ID: "~scan/web/quick"}, Actor: rbac.Actor{Org: agenttest.Org, Platform: agent.Scheduled, ID: "quick"},
			Scan: &agent.Scan{Schedule: "quick", Stack: "web", Call: agent.DriftScan("web")},
		})
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if d := b.drift("web"); d.Open() || d.Version != 1 {
			b.Errorf("the older look counts: %+v", d)
		}
	})
}

// A stack that moves to another room is told there from then on.
func TestADriftFollowsItsStack(t *testing.T) {
	t.Parallel()
	onBeach(t, func(b *beach) {
		b.seen["web"] = []agent.Finding{open("web", "source", "0.0.0.0/0")}
		b.scan("web")
		b.home = "private"
		b.scan("web")
		if d := b.drift("web"); d.Thread.Channel != "private" {
			b.Errorf("told in %v", d.Thread)
		}
		b.wants("web", "finding")
	})
}

// Two scans of a stack at once are told once, whoever is quicker.
func TestScansRace(t *testing.T) {
	t.Parallel()
	onBeach(t, func(b *beach) {
		b.seen["web"] = []agent.Finding{open("web", "source", "0.0.0.0/0")}
		for i := range 8 {
			id := fmt.Sprintf("at-once%d", i)
			j := agent.Job{
				ID: id, Org: agenttest.Org, Trace: id, Thread: agent.Thread{Platform: "console", Channel: "c", ID: "~scan/web/" + id}, Tier: rbac.Gated,
				Actor: agenttest.Person(agenttest.Org, "alice"), Scan: &agent.Scan{Schedule: "s", Stack: "web", Call: agent.DriftScan("web")},
			}
			if err := b.Enqueue(b.Context(), j); err != nil {
				b.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		b.wants("web", "finding")
		if d := b.drift("web"); d.Version != 8 {
			b.Errorf("version %d after 8 scans", d.Version)
		}
	})
}

// A burst has lines and no text: it is told all the same, and no model is asked.
func TestABurstIsTold(t *testing.T) {
	t.Parallel()
	onBeach(t, func(b *beach) {
		at := agent.Thread{Platform: "console", Channel: "home", ID: "~notice/1"}
		b.do(agent.Job{ID: "notice/1", Thread: at, Title: "7 stacks drifted", Told: &agent.Told{Lines: []string{"a", "b"}}})
		s, err := b.Open(b.Context(), agenttest.Org, at)
		if err != nil || len(s.Events) != 1 || s.Events[0].Kind != agent.KindNotice || s.Events[0].Payload.Told == nil {
			b.Errorf("it became %+v, %v", s, err)
		}
	})
}
