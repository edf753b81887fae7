package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

// An approved call survives a crash, runs once, and the run goes on as the one
// who asked; a redelivered job or click adds nothing.
func TestApprovedCallRunsOnce(t *testing.T) {
	play(t, func(w *world) {
		w.ask("alice")
		w.ran("apply", 0)
		h := w.held()
		w.Fail = agent.KindStarted
		w.press("bob", "approve")
		waiting := w.Waiting()
		job := waiting[len(waiting)-1]
		if w.work() == nil {
			w.Fatal("crash not simulated")
		}
		w.ran("apply", 0)
		w.Fail = ""
		w.mustWork()
		w.ran("apply", 1)
		w.ran("look", 1)
		next := w.held()
		if got := next.Request.Actor; got != person("alice") || next.Call.ID == h.Call.ID || next.ID == next.Call.ModelID {
			w.Fatalf("went on as %v with card %s", got.ID, next.ID)
		}
		w.refused(w.pressOn(h, "carol", "approve"), "too late")
		w.press("bob", "deny")
		w.mustWork()
		n := len(w.log())
		if err := w.runner.Run(w.Context(), w.Claim(job)); err != nil || len(w.log()) != n {
			w.Fatalf("redelivery wrote %d events, err %v", len(w.log())-n, err)
		}
		time.Sleep(2 * time.Hour) // the time-outs of settled cards change nothing
		w.mustWork()
		if len(w.log()) != n {
			w.Fatalf("time-out wrote %d events", len(w.log())-n)
		}
		w.ran("apply", 1)
	}, "apply look", "apply", "=done")
}

func TestWhoMayNotApprove(t *testing.T) {
	play(t, func(w *world) {
		w.ask("alice")
		w.press("carol", "a") // carol's answer leads to the call
		w.mustWork()
		h := w.held()
		w.refused(w.press("alice", "approve"), "may not approve")
		w.refused(w.press("carol", "approve"), "may not approve")
		w.refused(w.press("mallory", "approve"), "no rule")
		forged := h
		a := *h.Approval
		a.Digest = strings.Repeat("0", 64)
		forged.Approval = &a
		w.refused(w.pressOn(forged, "bob", "approve"), "another call")
		w.logged(agent.KindRefused, "", 4)
		if h := w.held(); h.State != agent.Open {
			w.Fatalf("card is %s", h.State)
		}
		w.mustWork()
		w.ran("apply", 0)
		w.press("bob", "approve")
		w.mustWork()
		w.ran("apply", 1)
	}, "person", "apply", "=done")
}

func TestStrangerMayNotAsk(t *testing.T) {
	play(t, func(w *world) {
		w.ask("mallory")
		w.logged(agent.KindRefused, "no rule", 1)
		w.logged(agent.KindStep, "", 0)
	}, "look", "=done")
}

func TestAskIsRecordedOnce(t *testing.T) {
	play(t, func(w *world) {
		w.Fail = agent.KindStep
		w.mention("m", "alice", "please")
		if w.work() == nil {
			w.Fatal("crash not simulated")
		}
		w.Fail = ""
		w.mustWork()
		w.logged(agent.KindAsk, "please", 1)
		w.logged(agent.KindAnswer, "done", 1)
	}, "look", "=done")
}

func TestForeignTextRaisesToAsk(t *testing.T) {
	play(t, func(w *world) {
		w.ask("alice")
		w.ran("push", 1) // before anything foreign was read
		h := w.held()
		if h.Call.Tool != "push" || strings.Join(h.Request.Label.Origins, "") != "issue 7" {
			w.Fatalf("held %s after %v", h.Call.Tool, h.Request.Label)
		}
		w.drain()
		f := w.chat.posts[len(w.chat.posts)-1].Fields
		if !slices.Contains(f, bot.Field{Name: "Read before", Value: "issue 7"}) {
			w.Fatalf("card shows %v", f)
		}
	}, "push", "fetch", "look", "push", "=done")
}

func TestMovedPlanVoidsCard(t *testing.T) {
	t.Parallel()
	for name, move := range map[string]func(w *world){
		"before the click":    func(w *world) { w.tools["apply"].plan = "p2"; w.refused(w.press("bob", "approve"), "changed") },
		"after the click":     func(w *world) { w.press("bob", "approve"); w.tools["apply"].plan = "p2" },
		"approver lost right": func(w *world) { w.press("bob", "approve"); delete(w.rules, "approve bob *") },
		"asker lost right":    func(w *world) { w.press("bob", "approve"); w.rules["do alice *"] = false },
		"approved, not begun": func(w *world) { w.press("bob", "approve"); time.Sleep(2 * time.Hour) },
		"stopped, not begun":  func(w *world) { w.press("bob", "approve"); w.stop("bob") },
		"stopped, undecided":  func(w *world) { w.stop("bob") },
		"policy wants more":   func(w *world) { w.press("bob", "approve"); w.runner.Gate = strict{w.runner.Gate} },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				w.ask("alice")
				move(w)
				w.mustWork()
				w.ran("apply", 0)
				if h := w.held(); h.State != agent.Void {
					w.Fatalf("card is %s", h.State)
				}
				w.logged(agent.KindResult, "", 1)
			}, "apply", "=done")
		})
	}
}

func TestExpiredCard(t *testing.T) {
	play(t, func(w *world) {
		w.ask("alice")
		time.Sleep(time.Hour)
		w.refused(w.press("bob", "approve"), "expired")
		w.refused(w.press("bob", "deny"), "expired")
		w.mustWork() // the time-out's own job
		w.ran("apply", 0)
		w.logged(agent.KindAnswer, "done", 1)
		if h := w.held(); h.State != agent.Expired {
			w.Fatalf("card is %s", h.State)
		}
	}, "apply", "=done")
}

// A deny wins whenever it comes before the call begins, also in the last moment.
func TestDenyWinsTies(t *testing.T) {
	t.Parallel()
	for name, race := range map[string]func(w *world){
		"after the approve": func(w *world) { w.press("bob", "approve"); w.press("dan", "deny") },
		"inside the approve": func(w *world) {
			w.Before = func() { w.press("dan", "deny") }
			w.refused(w.press("bob", "approve"), "too late")
		},
		"inside the execution": func(w *world) { w.press("bob", "approve"); w.Before = func() { w.press("dan", "deny") } },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				w.ask("alice")
				race(w)
				w.mustWork()
				w.ran("apply", 0)
				w.logged(agent.KindResult, "declined by dan", 1)
				w.logged(agent.KindAnswer, "done", 1)
			}, "apply", "=done")
		})
	}
}

func TestQuorum(t *testing.T) {
	play(t, func(w *world) {
		w.ask("alice")
		w.press("bob", "approve")
		w.clicks-- // the same click, redelivered
		if why := w.press("bob", "approve"); why != "" {
			w.Fatal(why)
		}
		w.refused(w.press("bob", "approve"), "already")
		w.mustWork()
		w.ran("destroy", 0)
		w.press("dan", "approve")
		w.mustWork()
		w.ran("destroy", 1)
		w.refused(w.press("carol", "deny"), "too late")
	}, "destroy", "=done")
}

// What became of a call that was cut off depends on its class alone.
func TestLostOutcome(t *testing.T) {
	t.Parallel()
	for class, want := range map[agent.Lost]struct{ ran, probed, asked int }{
		agent.Unsafe: {1, 0, 1}, agent.Probeable: {1, 1, 0}, agent.Idempotent: {2, 0, 0}, agent.Rerun: {2, 0, 0},
	} {
		t.Run(string(rune('0'+class)), func(t *testing.T) {
			play(t, func(w *world) {
				w.tools["apply"].lost = class
				w.ask("alice")
				time.Sleep(30 * time.Minute)
				w.press("bob", "approve")
				w.Fail = agent.KindResult
				if w.work() == nil {
					w.Fatal("crash not simulated")
				}
				w.Fail = ""
				w.mustWork()
				time.Sleep(31 * time.Minute) // the used approval's time-out asks no second question
				w.mustWork()
				w.ran("apply", want.ran)
				if tl := w.tools["apply"]; tl.probed != want.probed || w.count(agent.KindQuestion, "") != want.asked {
					w.Fatalf("probed %d asked %d", tl.probed, w.count(agent.KindQuestion, ""))
				}
				if want.asked == 1 {
					w.press("carol", "not applied")
					w.mustWork()
				}
				w.ran("apply", want.ran)
				w.logged(agent.KindResult, "", 1)
				w.logged(agent.KindAnswer, "done", 1)
			}, "apply", "=done")
		})
	}
}

// strict is a policy that came to want two approvals.
type strict struct{ agent.Gate }

func (strict) Missing(_ context.Context, _ rbac.Request, approvers []rbac.Actor) []rbac.Need {
	return []rbac.Need{{Count: 2 - len(approvers)}}
}

func (w *world) stop(who string) (private string) {
	w.Helper()
	w.clicks++
	r, err := w.in.Command(w.Context(), bot.Command{ID: "s" + strconv.Itoa(w.clicks), Org: org, Thread: thread, Actor: person(who), Name: "stop"})
	if err != nil {
		w.Fatal(err)
	}
	why, refused := strings.CutPrefix(r.Private, "Not stopped: ")
	if !refused {
		return ""
	}
	return why
}

// drain shows all that is pending.
func (w *world) drain() {
	w.Helper()
	for range 100 {
		n, err := w.out.Drain(w.Context(), org)
		if err != nil {
			w.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
	w.Fatal("the outbox does not end")
}

// Stop is settled while the job runs; what is left of the step is not run,
// now or by a later ask.
func TestStopWhileCallRuns(t *testing.T) {
	play(t, func(w *world) {
		w.tools["look"].hang = true
		w.clicks++
		w.mention("m", "alice", "please")
		done := make(chan error, 1)
		go func() { done <- w.work() }()
		time.Sleep(10 * time.Second)
		w.refused(w.stop("mallory"), "no rule")
		if why := w.stop("bob"); why != "" {
			w.Fatal(why)
		}
		select {
		case err := <-done:
			if err != nil {
				w.Fatal(err)
			}
		case <-time.After(100 * time.Millisecond): // told, not found by looking
			w.Fatal("the call still runs")
		}
		w.logged(agent.KindStopped, "by bob", 1)
		w.logged(agent.KindResult, "look before you ask again", 1)
		w.ask("alice")
		w.ran("push", 0)
		w.logged(agent.KindAnswer, "done", 1)
		w.refused(w.stop("alice"), "nothing is running")
	}, "look push", "=done")
}

func TestQuestionTimesOut(t *testing.T) {
	play(t, func(w *world) {
		w.ask("alice")
		w.refused(w.press("mallory", "a"), "no rule")
		w.refused(w.press("carol", "c"), "choices")
		w.refused(w.pressLate("carol"), "expired")
		w.mustWork()
		w.logged(agent.KindResult, "nobody answered in time: nothing is done", 1)
		w.logged(agent.KindAnswer, "done", 1)
	}, "person", "=done")
}

func (w *world) pressLate(who string) string { time.Sleep(time.Hour); return w.press(who, "a") }

// The run does not know that the chat is down; later all is shown, in order.
func TestChatOutage(t *testing.T) {
	play(t, func(w *world) {
		w.chat.down = 2
		w.ask("alice")
		_, first := w.out.Drain(w.Context(), org)
		for range 4 { // what is not shown is settled until the card comes, and that fails
			if _, err := w.out.Drain(w.Context(), org); first == nil {
				first = err
			}
		}
		w.press("alice", "approve") // refused, and told to her alone
		w.press("bob", "approve")
		w.mustWork()
		w.logged(agent.KindAnswer, "done", 1)
		if first == nil {
			w.Fatal("the outage was not noticed")
		}
		w.drain()
		p := w.chat.posts
		if len(p) != 2 || p[0].Title != "Change web?" || p[1].Prose != "done" || len(w.chat.edits) < 1 {
			w.Fatalf("posted %+v edits %d", p, len(w.chat.edits))
		}
		if last := w.chat.edits[len(w.chat.edits)-1]; last.Status != "applied" || len(last.Buttons) != 0 {
			w.Fatalf("the card ends as %+v", last)
		}
		for _, want := range []string{"change", "web (prod)", "1 to change", "alice", "until"} {
			if !strings.Contains(p[0].Fallback, want) {
				w.Errorf("fallback %q lacks %q", p[0].Fallback, want)
			}
		}
	}, "apply", "=done")
}

func TestAnotherOrgsCardDoesNotExist(t *testing.T) {
	play(t, func(w *world) {
		w.ask("alice")
		h := w.held()
		for _, c := range []bot.Click{
			{Org: "rival", Thread: thread, Value: h.ID + "." + h.Approval.PlanCode()},
			{Org: org, Thread: thread, Value: "none." + h.Approval.PlanCode()},
			{Org: org, Thread: agent.Thread{Platform: "console", Channel: "D"}, Value: h.ID + "." + h.Approval.PlanCode()},
		} {
			c.ID, c.Verb, c.Actor = "x", "approve", rbac.Actor{Org: c.Org, ID: "bob"}
			if r, err := w.in.Click(w.Context(), c); err != nil || r.Private != "Refused: "+agent.NoSuch+"." || r.Card != nil {
				w.Fatalf("%+v %v", r, err)
			}
		}
		s, _ := w.Open(w.Context(), org, thread)
		if _, err := w.Load(w.Context(), "rival", s.ID); !errors.Is(err, agent.ErrNotFound) {
			w.Fatal(err)
		}
	}, "apply", "=done")
}

// Carol's wish must not ride on the run that goes on with alice's rights: it is
// a turn of its own, which may only read, and the held call stays as it was.
func TestAskWhileACallWaits(t *testing.T) {
	play(t, func(w *world) {
		w.ask("alice")
		h := w.held()
		w.rules["do carol *"] = true
		w.ask("carol")
		w.ran("look", 1)
		w.ran("push", 0)
		w.logged(agent.KindResult, "can only read", 1)
		w.logged(agent.KindAnswer, "side", 1)
		if now := w.held(); now.ID != h.ID || now.State != agent.Open {
			w.Fatalf("the card became %s %s", now.ID, now.State)
		}
		w.refused(w.pressOn(h, "carol", "deny")+"x", "x") // carol only talked: she may decide
		w.mustWork()
		w.logged(agent.KindResult, "declined by carol", 1)
		w.logged(agent.KindAnswer, "done", 1)
	}, "apply", "look push", "=side", "=done")
}

func TestBudgetCountsOverCards(t *testing.T) {
	play(t, func(w *world) {
		w.budget.Steps = 2
		w.ask("alice")
		w.press("bob", "approve")
		w.mustWork()
		w.ran("look", 1)
		w.logged(agent.KindStopped, "budget of steps (2) is spent. Done: apply, look", 1)
	}, "apply", "look", "look", "=done")
}

func TestSameDriftIsToldOnce(t *testing.T) {
	play(t, func(w *world) {
		scan := agent.Job{Org: org, Thread: thread, Actor: person("nightly"), Scan: &agent.Scan{Schedule: "nightly", Stack: "web", Call: agent.ToolCall{Tool: "look"}}}
		w.Fail = agent.KindFinding
		scan.ID = "n1"
		if w.runner.Run(w.Context(), w.Claim(scan)) == nil {
			w.Fatal("crash not simulated")
		}
		w.Fail = ""
		for _, scan.ID = range []string{"n1", "n2"} {
			if err := w.runner.Run(w.Context(), w.Claim(scan)); err != nil {
				w.Fatal(err)
			}
		}
		w.logged(agent.KindFinding, "", 2) // one for each scan, in the thread of the scans
		w.ran("look", 2)
		w.mustWork()
		d, err := w.Drift(w.Context(), org, "web")
		if err != nil || !d.Open() || d.Version != 2 {
			w.Fatalf("known of the stack is %+v, %v", d, err)
		}
		told, err := w.Open(w.Context(), org, d.Thread)
		if err != nil || len(told.Events) != 1 || told.Events[0].Kind != agent.KindFinding {
			w.Fatalf("the stack's thread was told %+v, %v", told.Events, err)
		}
		w.logged(agent.KindStep, "", 0) // no model
	})
}

// Every event carries the envelope; trust never comes back.
func TestEnvelope(t *testing.T) {
	play(t, func(w *world) {
		w.ask("alice")
		w.press("bob", "approve")
		w.mustWork()
		seen, foreign := map[string]bool{}, false
		for _, ev := range w.log() {
			if ev.Org != org || ev.Session == "" || ev.Run == "" || ev.Trace != "m1" || ev.Schema != 1 || len(ev.Causes) == 0 || seen[ev.ID] {
				w.Errorf("envelope %+v", ev)
			}
			seen[ev.ID] = true
			if foreign && ev.Label.Integrity == rbac.Trusted {
				w.Errorf("%s is trusted after foreign text", ev.Kind)
			}
			foreign = foreign || ev.Label.Integrity == rbac.Foreign
		}
		w.logged(agent.KindAnswer, "done", 1)
		if !foreign {
			w.Error("nothing foreign was read")
		}
	}, "fetch", "apply", "=done")
}

// Reads of one step run side by side; arguments that do not fit never run.
func TestReadsRunSideBySide(t *testing.T) {
	play(t, func(w *world) {
		w.tools["look"].side = make(chan struct{})
		w.tools["look"].effect = rbac.Read
		w.ask("alice")
		w.logged(agent.KindResult, "look", 2)
		w.logged(agent.KindAnswer, "done", 1)
	}, "look look", "=done")
}

func TestBadCallsAreToldToTheModel(t *testing.T) {
	play(t, func(w *world) {
		w.ask("alice")
		w.logged(agent.KindResult, "arguments do not fit", 2)
		w.logged(agent.KindResult, `there is no tool "nonsense"`, 1)
		w.logged(agent.KindResult, "arguments:", 1)
		w.ran("strict", 1)
		w.logged(agent.KindAnswer, "done", 1)
	}, `strict strict:{"n":"x"} nonsense strict:{"n":1} strict:{"n`, "=done")
}

// Ask again makes one new card for each who presses it and may: somebody without
// the right uses up nothing. Who asked the old one may not approve the new one.
func TestAskAgain(t *testing.T) {
	play(t, func(w *world) {
		w.rules["do bob *"] = true
		w.ask("alice")
		old := w.held()
		w.tools["apply"].plan = "p2"
		w.refused(w.press("dan", "approve"), "changed")
		w.mustWork()
		for _, who := range []string{"carol", "bob", "bob"} {
			w.pressOn(old, who, "again")
		}
		w.mustWork()
		w.logged(agent.KindApproval, "", 2)
		w.refused(w.press("bob", "approve"), "may not approve")
		w.refused(w.press("alice", "approve"), "may not approve")
		w.press("dan", "approve")
		w.mustWork()
		w.ran("apply", 1)
		if got := w.held().Request.Actor; got != person("bob") {
			w.Fatalf("ran as %s", got.ID)
		}
	}, "apply", "=done")
}

// A job that fails too often is told in its thread.
func TestGivingUpIsTold(t *testing.T) {
	play(t, func(w *world) {
		w.mention("m", "alice", "please do it")
		w.runner.Model = broken{}
		worker := &agent.Worker{Jobs: w, Runner: w.runner}
		ctx, cancel := context.WithCancel(w.Context())
		done := make(chan error, 1)
		go func() { done <- worker.Run(ctx) }()
		time.Sleep(10 * time.Minute)
		cancel()
		if err := <-done; err != nil {
			w.Fatal(err)
		}
		w.logged(agent.KindGaveUp, "I tried 5 times and gave up: no model today", 1)
		w.drain()
		if p := w.chat.posts; len(p) != 1 || p[0].Title != "I could not finish" {
			w.Fatalf("posted %+v", p)
		}
	})
}

type broken struct{}

func (broken) Next(context.Context, agent.Prompt) (agent.Reply, error) {
	return agent.Reply{}, errors.New("no model today")
}

// A card that was posted but not marked, because the process died in between,
// is found again and not posted twice.
func TestPostedButNotMarked(t *testing.T) {
	play(t, func(w *world) {
		w.ask("alice")
		lossy := &forgetful{rows: w.out.Rows.(*rows), left: 1}
		w.out.Rows = lossy
		for range 20 {
			_, _ = w.out.Drain(w.Context(), org)
		}
		w.drain()
		if n := len(w.chat.posts); n != 1 || lossy.left != 0 {
			w.Fatalf("posted %d times, forgot %d", n, 1-lossy.left)
		}
	}, "apply", "=done")
}

// forgetful loses the mark of what was shown, and counts the attempt.
type forgetful struct {
	*rows
	left, attempts int
}

func (f *forgetful) Sent(ctx context.Context, org, row, key string, r bot.Ref) error {
	if key != "" && f.left > 0 {
		f.left--
		return errors.New("the process died here")
	}
	return f.rows.Sent(ctx, org, row, key, r)
}

func (f *forgetful) Pending(ctx context.Context, org string, n int) ([]bot.Row, error) {
	all, err := f.rows.Pending(ctx, org, n)
	for i := range all {
		all[i].Attempts = f.attempts
	}
	return all, err
}

func (f *forgetful) Later(_ context.Context, _, _ string, _ time.Time, _ string) error {
	f.attempts++
	return nil
}

// A question without choices is answered by words in its thread.
func TestQuestionInWords(t *testing.T) {
	play(t, func(w *world) {
		w.tools["person"].ask.Choices = nil
		w.ask("alice")
		w.mention("w", "carol", "the blue one")
		w.mustWork()
		w.logged(agent.KindResult, "carol answered: the blue one", 1)
		w.logged(agent.KindAnswer, "done", 1)
		w.logged(agent.KindAsk, "", 1)
	}, "person", "=done")
}

// Who asked may stop it, without any other right.
func TestWhoAskedMayStop(t *testing.T) {
	play(t, func(w *world) {
		w.rules["do alice *"] = false
		w.rules["do alice ask"], w.rules["do alice look"] = true, true
		w.tools["look"].hang = true
		w.mention("m", "alice", "please")
		done := make(chan error, 1)
		go func() { done <- w.work() }()
		time.Sleep(time.Second)
		w.refused(w.stop("dan"), "no rule")
		if why := w.stop("alice"); why != "" {
			w.Fatal(why)
		}
		if err := <-done; err != nil {
			w.Fatal(err)
		}
		w.logged(agent.KindStopped, "by alice", 1)
	}, "look", "=done")
}
