package main

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

// say presses for a person with what a platform cannot show here.
func (w *world) say(h agent.Hold, who string, p agent.Press) string {
	w.Helper()
	w.clicks++
	p.ID, p.Org, p.Thread, p.By, p.Tier, p.Hold = "s"+who+string(rune('a'+w.clicks)), org, thread, person(who), rbac.Gated, h.ID
	if h.Approval != nil {
		p.Code = h.Approval.PlanCode()
	}
	_, refused, err := w.runner.Settle(w.Context(), p)
	if err != nil {
		w.Fatal(err)
	}
	return refused
}

// An approval can be taken back until the call has begun, and given again.
func TestTakeBack(t *testing.T) {
	play(t, func(w *world) {
		w.ask("alice")
		w.refused(w.say(w.held(), "bob", agent.Press{Back: true}), "no approval to take back")
		w.press("bob", "approve")
		if why := w.say(w.held(), "bob", agent.Press{Back: true}); why != "" {
			w.Fatal(why)
		}
		w.press("dan", "approve")
		if h := w.held(); h.State != agent.Open || h.Approvals() != 1 {
			w.Fatalf("the card is %s with %d", h.State, h.Approvals())
		}
		w.press("bob", "approve")
		w.refused(w.say(w.held(), "carol", agent.Press{Back: true}), "no approval to take back")
		if why := w.say(w.held(), "dan", agent.Press{Back: true}); why != "" {
			w.Fatal(why)
		}
		w.mustWork() // the job of the quorum that is no more
		w.ran("destroy", 0)
		w.press("carol", "approve")
		w.mustWork()
		w.ran("destroy", 1)
		w.refused(w.say(w.held(), "bob", agent.Press{Back: true}), "too late")
	}, "destroy", "=done")
}

// Breaking the glass stands for the approvals that are missing: with the right,
// with a reason, told at once in every room, and reviewed afterwards by somebody
// who could have approved.
func TestBreakGlass(t *testing.T) {
	play(t, func(w *world) {
		w.rules["break erin *"], w.rules["break alice *"] = true, true
		w.rules["do bob answer"], w.rules["do erin answer"], w.rules["approve erin *"] = true, true, true
		w.runner.Rooms = func(string, rbac.Action) []agent.Thread {
			return []agent.Thread{{Platform: "chat", Channel: "ops"}, {Platform: "chat", Channel: "pay"}}
		}
		w.ask("alice")
		h := w.held()
		w.refused(w.say(h, "mallory", agent.Press{Glass: true, Text: "the site is down"}), "no rule lets mallory break")
		w.refused(w.say(h, "erin", agent.Press{Glass: true, Text: "now!"}), "reason of at least 10")
		w.ran("apply", 0)
		if why := w.say(h, "erin", agent.Press{Glass: true, Text: "the site is down"}); why != "" {
			w.Fatal(why)
		}
		for _, room := range []string{"ops", "pay"} {
			if !slices.ContainsFunc(w.Waiting(), func(j agent.Job) bool {
				return j.Thread.Channel == room && strings.Contains(j.Notice, "erin broke the glass for apply on web, asked for by alice") && strings.Contains(j.Notice, "without 1 of 1 approvals")
			}) {
				w.Errorf("%s is not told", room)
			}
		}
		w.mustWork()
		w.ran("apply", 1)
		w.logged(agent.KindAnswer, "done", 1)
		r := w.held()
		if r.Question == nil || !r.Question.Review || !strings.Contains(r.Question.Text, "the site is down") {
			w.Fatalf("no review: %+v", r)
		}
		w.refused(w.press("erin", agent.ReviewRight), "whoever broke the glass may not review it")
		w.refused(w.press("alice", agent.ReviewRight), "may not approve")
		if why := w.press("bob", agent.ReviewRight); why != "" {
			w.Fatal(why)
		}
		w.mustWork()
		if r := w.held(); r.State != agent.Answered {
			w.Fatalf("the review is %s", r.State)
		}
		w.ran("apply", 1)
	}, "apply", "=done")
}

func TestBrokenGlassIsNoMaster(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before func(w *world)
		want   string
	}{
		"a destroy is confirmed":  {func(*world) {}, "type web to confirm"},
		"policy denies":           {func(w *world) { w.rules["do alice *"] = false }, "no longer allows"},
		"the plan moved":          {func(w *world) { w.tools["destroy"].plan = "p2" }, "changed"},
		"the card is over":        {func(*world) { time.Sleep(time.Hour) }, "expired"},
		"another card's code":     {func(*world) {}, "another call"},
		"the right was withdrawn": {func(w *world) { delete(w.rules, "break erin *") }, "no rule"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				w.rules["break erin *"] = true
				w.ask("alice")
				h := w.held()
				c.before(w)
				p := agent.Press{Glass: true, Text: "the site is down", Typed: "web"}
				if strings.Contains(c.want, "type") {
					p.Typed = ""
				}
				if strings.Contains(c.want, "another") {
					other := *h.Approval
					other.Digest = strings.Repeat("0", 64)
					h.Approval = &other
				}
				w.refused(w.say(h, "erin", p), c.want)
				w.mustWork()
				w.ran("destroy", 0)
			}, "destroy", "=done")
		})
	}
}

// Who broke the glass must still have the right when the call begins.
func TestGlassRightIsJudgedTwice(t *testing.T) {
	play(t, func(w *world) {
		w.rules["break erin *"] = true
		w.ask("alice")
		if why := w.say(w.held(), "erin", agent.Press{Glass: true, Text: "the site is down"}); why != "" {
			w.Fatal(why)
		}
		delete(w.rules, "break erin *")
		w.mustWork()
		w.ran("apply", 0)
		if h := w.held(); h.State != agent.Void {
			w.Fatalf("the card is %s", h.State)
		}
	}, "apply", "=done")
}

// A review that nobody answers ends, and stays on record as such.
func TestReviewNobodyAnswers(t *testing.T) {
	play(t, func(w *world) {
		w.rules["break erin *"] = true
		w.ask("alice")
		w.say(w.held(), "erin", agent.Press{Glass: true, Text: "the site is down"})
		w.mustWork()
		time.Sleep(8 * 24 * time.Hour)
		w.mustWork()
		if r := w.held(); r.State != agent.Expired || !r.Question.Review {
			w.Fatalf("the review is %s", r.State)
		}
		w.logged(agent.KindResult, "", 1)
	}, "apply", "=done")
}

// cold is a gate under the freezes of a store.
type cold struct {
	agent.Gate
	w *world
}

func (c cold) Decide(ctx context.Context, r rbac.Request) rbac.Decision {
	d := c.Gate.Decide(ctx, r)
	all, err := c.w.Frozen(ctx, r.Org)
	if err != nil {
		c.w.Fatal(err)
	}
	for _, f := range all {
		if r.Action.Effect >= rbac.Change && f.Until.After(time.Now()) && (f.Env == agent.AllEnvironments || f.Env == r.Action.Environment) {
			d.Frozen = &f
		}
	}
	return d
}

func (w *world) freezable() {
	w.runner.Gate, w.runner.Freezes = cold{w.runner.Gate, w}, w
	w.runner.Environments = func(string) []string { return []string{"lab", "prod"} }
	w.rules["do bob freeze"], w.rules["do dan thaw"] = true, true
}

func (w *world) freeze(who, env string, hours int) string {
	w.Helper()
	w.clicks++
	why, err := w.runner.Freeze(w.Context(), agent.FreezePress{
		ID: "f" + string(rune('a'+w.clicks)), Org: org, Thread: thread, By: person(who), Tier: rbac.Gated, Env: env,
		Until: time.Now().Add(time.Duration(hours) * time.Hour), Reason: "release day",
	})
	if err != nil {
		w.Fatal(err)
	}
	return why
}

func (w *world) thaw(who, env string) string {
	w.Helper()
	w.clicks++
	why, err := w.runner.Thaw(w.Context(), agent.ThawPress{ID: "t" + string(rune('a'+w.clicks)), Org: org, Thread: thread, By: person(who), Tier: rbac.Gated, Env: env})
	if err != nil {
		w.Fatal(err)
	}
	return why
}

// A freeze holds an approved call, shows on the card, and lets it go on when it
// ends, by itself or by a thaw.
func TestFreezeHoldsApprovedCalls(t *testing.T) {
	t.Parallel()
	for name, ends := range map[string]func(w *world){
		"by itself": func(*world) { time.Sleep(30*time.Minute + 10*time.Second) },
		"by a thaw": func(w *world) {
			w.refused(w.thaw("bob", "prod"), "no rule lets bob")
			w.refused(w.thaw("dan", "lab"), "lab is not frozen")
			w.refused(w.thaw("dan", "all"), "there is no freeze of every environment")
			if why := w.thaw("dan", "prod"); why != "" {
				w.Fatal(why)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				w.freezable()
				w.ask("alice")
				time.Sleep(29*time.Minute + 30*time.Second)
				w.refused(w.freeze("mallory", "prod", 1), "no rule lets mallory")
				w.refused(w.freeze("bob", "moon", 1), "there is no environment moon")
				w.refused(w.freeze("bob", "prod", 0), "has passed")
				f := agent.FreezePress{ID: "half", Org: org, Thread: thread, By: person("bob"), Env: "prod", Until: time.Now().Add(30 * time.Minute), Reason: "release day"}
				if why, err := w.runner.Freeze(w.Context(), f); why != "" || err != nil {
					w.Fatal(why, err)
				}
				if h := w.held(); h.Frozen == nil || h.Frozen.By != "bob" || h.State != agent.Open {
					w.Fatalf("the card does not tell: %+v", h.Frozen)
				}
				w.press("bob", "approve")
				w.mustWork()
				w.ran("apply", 0)
				if h := w.held(); h.State != agent.Approved || h.Frozen == nil {
					w.Fatalf("the card is %s", h.State)
				}
				ends(w)
				w.mustWork()
				w.ran("apply", 1)
				w.logged(agent.KindNotice, "bob froze prod until", 1)
				w.logged(agent.KindAnswer, "done", 1)
				if h := w.held(); h.State != agent.Consumed || h.Frozen != nil {
					w.Fatalf("the card is %s, %v", h.State, h.Frozen)
				}
			}, "apply", "=done")
		})
	}
}

// A card does not outlive its time in a freeze; broken glass goes through one.
func TestFreezeOverExpiry(t *testing.T) {
	play(t, func(w *world) {
		w.freezable()
		w.rules["break erin *"] = true
		if why := w.freeze("bob", agent.AllEnvironments, 5); why != "" {
			w.Fatal(why)
		}
		w.ask("alice")
		if h := w.held(); h.Frozen == nil {
			w.Fatal("a new card does not tell")
		}
		w.press("bob", "approve")
		w.mustWork()
		time.Sleep(time.Hour)
		w.mustWork()
		w.ran("apply", 0)
		if h := w.held(); h.State != agent.Void {
			w.Fatalf("the card is %s", h.State)
		}
		w.ask("alice")
		w.say(w.held(), "erin", agent.Press{Glass: true, Text: "the site is down"})
		w.mustWork()
		w.ran("apply", 1)
	}, "apply", "=over", "apply", "=done")
}

// The next people are called when the first ones do not come.
func TestNextAreCalled(t *testing.T) {
	play(t, func(w *world) {
		w.runner.Ladder = func(context.Context, rbac.Request) [][]string { return [][]string{{"bob"}, {"dan"}, {"erin"}} }
		w.runner.Patience = func(string) agent.Patience { return agent.Patience{Expiry: time.Hour, Next: 25 * time.Minute} }
		w.ask("alice")
		h := w.held()
		if a := h.Approval; len(a.Called) != 1 || a.Called[0].Names[0] != "bob" || a.NextUp[0] != "dan" || !a.NextAt.Equal(h.Opened.Add(25*time.Minute)) {
			w.Fatalf("called %+v, next %v", a.Called, a.NextUp)
		}
		time.Sleep(26 * time.Minute)
		w.mustWork()
		w.mustWork()
		w.logged(agent.KindNotice, "dan: plan code "+h.Approval.PlanCode()+" still waits", 1)
		time.Sleep(26 * time.Minute)
		w.mustWork()
		w.mustWork()
		if a := w.held().Approval; len(a.Called) != 3 || a.Called[2].Names[0] != "erin" || len(a.NextUp) != 0 {
			w.Fatalf("called %+v, next %v", a.Called, a.NextUp)
		}
		w.press("dan", "approve")
		w.mustWork()
		w.ran("apply", 1)
		if a := w.held().Approval; len(a.Called) != 3 {
			w.Fatalf("called after the decision: %+v", a.Called)
		}
	}, "apply", "=done")
}

// Words of somebody who could not do it themselves raise it to ask.
func TestWordsOfTheUnprivileged(t *testing.T) {
	play(t, func(w *world) {
		w.rules["do vic ask"] = true
		w.ask("vic")
		w.ask("alice")
		h := w.held()
		if h.Call.Tool != "push" || !slices.Contains(h.Request.Label.Origins, "words of vic") {
			w.Fatalf("held %s after %v", h.Call.Tool, h.Request.Label.Origins)
		}
		w.ran("push", 0)
	}, "=hello", "push", "=done")
}

// Requests and tokens are limited for each person, channel and organisation.
func TestLimits(t *testing.T) {
	play(t, func(w *world) {
		l := agent.Limits{Person: agent.Limit{Runs: 2}}
		w.runner.Limits, w.runner.Uses = func(string) agent.Limits { return l }, w
		w.ask("alice")
		w.ask("alice")
		w.ask("alice")
		w.logged(agent.KindRefused, "alice has had 2 requests in the last hour", 1)
		w.logged(agent.KindAnswer, "", 2)
		time.Sleep(time.Hour + time.Second)
		w.ask("alice")
		w.logged(agent.KindAnswer, "", 3)
		l = agent.Limits{Channel: agent.Limit{Runs: 1}}
		w.ask("alice")
		w.logged(agent.KindRefused, "this channel has had 1 requests", 1)
		l = agent.Limits{Org: agent.Limit{Tokens: 30}}
		w.ask("alice")
		w.logged(agent.KindStopped, "this organisation has used", 1)
	}, "=one", "=two", "=three", "=four")
}

// A flood of cards is not made.
func TestFloodOfCards(t *testing.T) {
	play(t, func(w *world) {
		w.runner.Freezes = w
		ask := func(i int) {
			t := thread
			t.ID = strconv.Itoa(100 + i)
			m := bot.Mention{ID: "m" + t.ID, Org: org, Thread: t, Actor: person("alice"), Text: "please"}
			if _, err := w.in.Mention(w.Context(), m); err != nil {
				w.Fatal(err)
			}
			w.mustWork()
		}
		open := func(want int) {
			w.Helper()
			if all, err := w.Undecided(w.Context(), org); err != nil || len(all) != want {
				w.Fatalf("%d cards, %v", len(all), err)
			}
		}
		for i := range 6 {
			ask(i)
		}
		open(5)
		time.Sleep(10 * time.Minute)
		ask(7)
		open(6)
	}, "apply")
}

// A card shows no secret of a plan; what it is bound to is the plan as it is.
func TestCardShowsNoSecret(t *testing.T) {
	play(t, func(w *world) {
		w.tools["apply"].result = &agent.Plan{Stack: "web", Update: 1, Resources: []agent.PlanResource{
			{Address: "db.main", Action: "update", Attributes: []agent.PlanAttribute{{Path: "password", Before: "old-Zx81", After: "new-Zx81"}}},
		}}
		w.runner.Redact = func(text string) string { return strings.ReplaceAll(text, "Zx81", "...") }
		w.ask("alice")
		h := w.held()
		if got := h.Approval.Bound.Plan.Resources[0].Attributes[0]; got.After != "new-..." || got.Before != "old-..." {
			w.Errorf("on record: %+v", got)
		}
		if why := w.say(h, "bob", agent.Press{Approve: true}); why != "" {
			w.Fatal(why)
		}
		w.mustWork()
		w.ran("apply", 1)
		w.drain()
		for _, c := range slices.Concat(w.chat.posts, w.chat.edits) {
			if b, err := json.Marshal(c); err != nil || strings.Contains(string(b), "Zx81") {
				w.Errorf("shown: %s, %v", b, err)
			}
		}
		for _, ev := range w.log() {
			if b, err := json.Marshal(ev); err != nil || strings.Contains(string(b), "Zx81") {
				w.Errorf("on record: %s, %v", b, err)
			}
		}
	}, "apply", "=done")
}
