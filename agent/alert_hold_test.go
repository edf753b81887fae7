package agent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/rbac"
)

// push is a tool that changes a stack, which somebody has to approve.
type push struct{}

func (push) Spec() agent.ToolSpec {
	return agent.ToolSpec{Name: "push", Schema: json.RawMessage(`{"type":"object"}`)}
}

func (push) Action(_ context.Context, _ string, args json.RawMessage) (rbac.Action, error) {
	return rbac.Action{Tool: "push", Stack: stackOf(args), Effect: rbac.Change}, nil
}

func (push) Run(context.Context, agent.Env, agent.ToolCall) (agent.ToolResult, error) {
	return agent.ToolResult{Text: "pushed"}, nil
}

// asks opens a card for a stack.
func (w *tower) asks(stack string) agent.Hold {
	w.Helper()
	tools, err := agent.NewToolset(push{})
	if err != nil {
		w.Fatal(err)
	}
	w.tools = tools
	j := agenttest.Asked(agenttest.Org, "ask/"+stack, agenttest.Thread("1"))
	j.Calls = []agent.ToolCall{{Tool: "push", Args: json.RawMessage(`{"stack":"` + stack + `"}`)}}
	if err := w.Enqueue(w.Context(), j); err != nil {
		w.Fatal(err)
	}
	w.work()
	all, err := w.Undecided(w.Context(), agenttest.Org)
	if err != nil || len(all) != 1 {
		w.Fatalf("%d cards, %v", len(all), err)
	}
	return all[0]
}

func (w *tower) decides(h agent.Hold, yes bool) {
	w.Helper()
	w.settles(h, agent.Press{ID: "decide", Approve: yes, Text: "no"})
	w.work()
}

// settles is a press of bob's, which nothing follows yet.
func (w *tower) settles(h agent.Hold, p agent.Press) {
	w.Helper()
	p.Org, p.Thread, p.By, p.Hold, p.Code = h.Org, h.Thread, agenttest.Person(h.Org, "bob"), h.ID, h.Approval.PlanCode()
	if _, refused, err := w.control().Settle(w.Context(), p); refused != "" || err != nil {
		w.Fatal(refused, err)
	}
}

// A card of a stack with a chain that nobody decides calls the chain from its first
// delay on, and no ladder; the alert ends with the card.
func TestAnApprovalThatNobodyAnswers(t *testing.T) {
	t.Parallel()
	for name, ends := range map[string]func(w *tower, h agent.Hold){
		"approved": func(w *tower, h agent.Hold) { w.decides(h, true) },
		"declined": func(w *tower, h agent.Hold) { w.decides(h, false) },
		"expired":  func(w *tower, _ agent.Hold) { w.pass(time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inTower(t, func(w *tower) {
				w.chains["ops"][0].After = 3 * time.Minute
				h := w.asks("web")
				if h.Approval.Chain != "ops" || !slices.Equal(h.Approval.NextUp, []string{"the chain ops"}) || !h.Approval.NextAt.Equal(h.Opened.Add(3*time.Minute)) || len(h.Approval.Called) != 0 {
					w.Errorf("%+v", h.Approval)
				}
				w.pass(2 * time.Minute)
				if all, _ := w.OpenAlerts(w.Context(), agenttest.Org); len(all) != 0 {
					w.Errorf("raised too early: %+v", all)
				}
				w.pass(4 * time.Minute)
				a := w.only()
				if got := rungs(a); got != "0:slack:C1 2:oncall:web" || a.Hold != h.ID || a.Stack != "web" || !a.Ends.Equal(h.Expires) {
					w.Errorf("told %s: %+v", got, a)
				}
				ends(w, h)
				w.pass(time.Minute)
				if all, _ := w.OpenAlerts(w.Context(), agenttest.Org); len(all) != 0 {
					w.Errorf("still open: %+v", all)
				}
				done, err := w.Alert(w.Context(), agenttest.Org, a.ID)
				if err != nil || done.Why == "" || done.Ended.IsZero() {
					w.Errorf("%+v, %v", done, err)
				}
				if n := w.notices(); len(n) != 0 {
					w.Errorf("noticed %v", n)
				}
			})
		})
	}
}

// A rule and the stack's own chain tell of the same card by one alert, which says how to
// decide.
func TestAnApprovalThatARuleTellsOf(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		w.chains["ops"][0].After = 3 * time.Minute
		h := w.asks("web")
		rule := agent.Raise{Key: "hold/" + h.ID, Chain: "ops", Hold: h.ID, Title: "web: a change waits", Stack: "web"}
		w.again("notice/1", rule)
		w.pass(4 * time.Minute)
		a := w.only()
		if a.Count != 1 || !strings.Contains(a.Text, "plan code "+h.Approval.PlanCode()+" in the room console:ops") || len(a.Facts) != 5 || !a.Facts[4].At.Equal(h.Expires) {
			w.Errorf("%+v", a)
		}
		w.decides(h, true)
		if all, _ := w.OpenAlerts(w.Context(), agenttest.Org); len(all) != 0 {
			w.Errorf("still open: %+v", all)
		}
		w.again("notice/2", rule)
		if all, _ := w.OpenAlerts(w.Context(), agenttest.Org); len(all) != 0 {
			w.Errorf("raised after it was decided: %+v", all)
		}
	})
}

// drawn are what the card says of its chain, each time that it was drawn anew.
func (w *tower) drawn(h agent.Hold) (all []string) {
	w.Helper()
	s, err := w.Load(w.Context(), h.Org, h.Session)
	if err != nil {
		w.Fatal(err)
	}
	for _, ev := range s.Events {
		if ev.Kind == agent.KindCalled {
			a := ev.Payload.Hold.Approval.Alert
			to, _ := a.Next()
			all = append(all, fmt.Sprintf("%s, %s next %v", rungs(*a), a.State, to))
			if ev.Turn != h.Turn || ev.Payload.Hold.State != agent.Open || a.Text != "" || a.Facts != nil {
				w.Errorf("%+v of %+v", ev, a)
			}
		}
	}
	return all
}

// A card says how far its chain is after each step and press, whatever dies when; and
// its call is carried on by none of it.
func TestAnApprovalShowsItsChain(t *testing.T) {
	t.Parallel()
	for name, crash := range map[string]func(n int) (before, after bool){
		"nothing dies":               nil,
		"it dies before every write": func(n int) (bool, bool) { return n == 1, false },
		"it dies after every write":  func(n int) (bool, bool) { return false, n == 1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inTower(t, func(w *tower) {
				h := w.asks("web")
				runs := map[string]int{}
				if crash != nil {
					w.crash = func(c agent.Claimed) (bool, bool) { runs[c.ID]++; return crash(runs[c.ID]) }
				}
				w.pass(6 * time.Minute)
				w.press("1", roomAna, "ana", agent.Snooze)
				w.work()
				w.press("2", roomAna, "ana", agent.Take)
				w.press("3", roomAna, "ana", agent.Resolve) // before anything was drawn
				w.work()
				w.decides(h, true)
				want := []string{
					"0:slack:C1, open next [oncall:web]", "0:slack:C1 5:oncall:web, open next [deputy:web]",
					"0:slack:C1 5:oncall:web, snoozed next []", "0:slack:C1 5:oncall:web, resolved next []",
				}
				if got := w.drawn(h); !slices.Equal(got, want) {
					w.Errorf("drawn %q", got)
				}
				now, err := w.Held(w.Context(), h.Org, h.ID)
				if err != nil || now.State != agent.Consumed || !slices.Equal(now.Approval.NextUp, h.Approval.NextUp) {
					w.Errorf("%+v, %v", now, err)
				}
			})
		})
	}
}

// A press and a step at once lose nothing of each other: whoever votes meanwhile is
// counted, and the card still says who was called.
func TestAVoteWhileTheChainIsDrawn(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		w.frozen = &rbac.Freeze{Until: time.Now().Add(50 * time.Minute)}
		w.chains["ops"][0].After = time.Minute
		h := w.asks("web")
		w.Before = func() { w.settles(h, agent.Press{ID: "yes", Approve: true}) }
		w.pass(2 * time.Minute)
		now, err := w.Held(w.Context(), h.Org, h.ID)
		if err != nil || now.State != agent.Approved || now.Approvals() != 1 || len(w.drawn(h)) != 0 {
			w.Errorf("%+v, %v, drawn %q", now, err, w.drawn(h))
		}
	})
	inTower(t, func(w *tower) {
		w.chains["ops"][0].After = time.Minute
		h := w.asks("web")
		w.Before = func() {
			w.settles(h, agent.Press{ID: "yes", Approve: true})
			w.settles(h, agent.Press{ID: "back", Back: true})
		}
		w.pass(2 * time.Minute)
		now, err := w.Held(w.Context(), h.Org, h.ID)
		if err != nil || now.State != agent.Open || len(now.Approval.Verdicts) != 2 || !slices.Equal(w.drawn(h), []string{"0:slack:C1, open next [oncall:web]"}) {
			w.Errorf("%+v, %v, drawn %q", now, err, w.drawn(h))
		}
	})
}

// Who ends the alert of an approval ends nothing else, and it says when that is over,
// too. A snooze ends no later than the card.
func TestAnApprovalOutlivesItsAlert(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		h := w.asks("web")
		w.pass(30 * time.Minute)
		if a := w.press1("1", agent.Snooze); !a.Until.Equal(h.Expires) {
			w.Errorf("snoozed until %v, the card waits until %v", a.Until, h.Expires)
		}
		ended := w.press1("2", agent.Resolve)
		if now, err := w.Held(w.Context(), h.Org, h.ID); err != nil || now.State != agent.Open || ended.Why != "" {
			w.Errorf("%+v, %v", now, err)
		}
		n := w.events()
		w.pass(time.Hour)
		a, err := w.Alert(w.Context(), h.Org, ended.ID)
		if err != nil || a.Why == "" || !a.Ended.Equal(ended.Ended) || w.events() != n+1 {
			w.Errorf("%+v, %v, %d events after %d", a, err, w.events(), n)
		}
		if n := w.notices(); len(n) != 0 {
			w.Errorf("noticed %v", n)
		}
	})
}

// What is decided before the chain begins raises nothing.
func TestAnApprovalThatIsAnswered(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		w.chains["ops"][0].After = 3 * time.Minute
		w.decides(w.asks("web"), true)
		w.pass(2 * time.Hour)
		if n := w.events(); n != 0 {
			w.Errorf("%d events of alerts", n)
		}
	})
}

// Whoever takes an approval back after its alert has ended, or would have been raised,
// has people called anew, from the first rung on: during a freeze, an approved card waits
// long enough for that. What was still to come comes once.
func TestAnApprovalThatIsTakenBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, between time.Duration // until it is approved, until that is taken back
		idle            bool          // nothing runs between
		want            string        // of the alerts of the card, at the end
	}{
		"before anybody was called":  {time.Minute, time.Minute, false, "0:slack:C1 2:oncall:web 12:deputy:web 17:service:pager|"},
		"when they would have been":  {time.Minute, 9 * time.Minute, false, "0:slack:C1 1:oncall:web|"},
		"after its alert has ended":  {5 * time.Minute, 5 * time.Minute, false, "0:slack:C1 2:oncall:web|0:slack:C1 1:oncall:web|"},
		"before its alert could end": {5 * time.Minute, time.Second, true, "0:slack:C1 2:oncall:web 12:deputy:web|"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inTower(t, func(w *tower) {
				w.chains["ops"][0].After = 3 * time.Minute
				w.frozen = &rbac.Freeze{Until: time.Now().Add(50 * time.Minute)}
				h := w.asks("web")
				w.pass(c.before)
				w.settles(h, agent.Press{ID: "yes", Approve: true})
				if c.idle {
					time.Sleep(c.between)
				} else {
					w.pass(c.between)
				}
				w.settles(h, agent.Press{ID: "back", Back: true})
				w.pass(20*time.Minute - c.before - c.between)
				got := ""
				for _, id := range w.raisedOf(h) {
					a, err := w.Alert(w.Context(), h.Org, id)
					if err != nil || a.Count != 1 {
						w.Errorf("%+v, %v", a, err)
					}
					got += rungs(a) + "|"
				}
				if got != c.want {
					w.Errorf("told %q", got)
				}
			})
		})
	}
}

// A rule that tells of a card which is open again raises an alert of its own, too.
func TestARuleTellsOfATakenBackApproval(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		w.frozen = &rbac.Freeze{Until: time.Now().Add(50 * time.Minute)}
		h := w.asks("lone")
		rule := agent.Raise{Key: "hold/" + h.ID, Chain: "ops", Hold: h.ID, Title: "a change waits"}
		over := rule
		over.Over = "it waits no more"
		w.again("notice/1", rule)
		w.settles(h, agent.Press{ID: "yes", Approve: true})
		w.again("notice/2", over)
		w.settles(h, agent.Press{ID: "back", Back: true})
		w.again("notice/3", rule)
		if ids := w.raisedOf(h); len(ids) != 2 || w.only().ID != ids[1] {
			w.Errorf("alerts %v, open is %+v", ids, w.only())
		}
	})
}

// raisedOf are the alerts of a card, oldest first.
func (w *tower) raisedOf(h agent.Hold) (ids []string) {
	w.Helper()
	s, err := w.Open(w.Context(), h.Org, agent.AlertThread("hold/"+h.ID))
	if err != nil {
		w.Fatal(err)
	}
	for _, ev := range s.Events {
		if a := ev.Payload.Alert; a != nil && !slices.Contains(ids, a.ID) {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

// Without a chain the ladder stays as it is.
func TestAnApprovalWithoutAChain(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		w.ladder = [][]string{{"Ana"}, {"Bo"}}
		h := w.asks("lone")
		if h.Approval.Chain != "" || len(h.Approval.Called) != 1 {
			w.Errorf("%+v", h.Approval)
		}
		w.pass(5 * time.Minute)
		if n := w.notices(); !slices.Equal(n, []string{"console:ops Still waiting"}) || w.events() != 0 {
			w.Errorf("noticed %v", n)
		}
	})
}

// So does the ladder when an approval is taken back.
func TestTheLadderGoesOn(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		w.frozen = &rbac.Freeze{Until: time.Now().Add(50 * time.Minute)}
		w.ladder = [][]string{{"Ana"}, {"Bo"}, {"Cy"}}
		h := w.asks("lone")
		w.settles(h, agent.Press{ID: "yes", Approve: true})
		w.pass(5 * time.Minute)
		if n := w.notices(); len(n) != 0 {
			w.Errorf("called for an approved card: %v", n)
		}
		w.settles(h, agent.Press{ID: "back", Back: true})
		w.pass(5 * time.Minute)
		if n := w.notices(); !slices.Equal(n, []string{"console:ops Still waiting", "console:ops Still waiting"}) {
			w.Errorf("noticed %v", n)
		}
	})
}
