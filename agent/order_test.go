package agent_test

import (
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/rbac"
)

func (w *hall) thaw(id string) (refused string) {
	w.Helper()
	refused, err := w.runner().Thaw(w.Context(), agent.ThawPress{ID: id, Org: agenttest.Org, Thread: agenttest.Thread("1"), By: agenttest.Person(agenttest.Org, "bob"), Env: "prod"})
	if err != nil {
		w.Fatal(err)
	}
	return refused
}

// A thaw whose process died before it could tell anybody is made good by the next one. A
// freeze that ended by itself is none of it.
func TestAThawThatDied(t *testing.T) {
	inHall(t, func(w *hall) {
		w.effect = rbac.Change
		if why, err := w.runner().Freeze(w.Context(), agent.FreezePress{
			ID: "freeze", Org: agenttest.Org, Thread: agenttest.Thread("1"), By: agenttest.Person(agenttest.Org, "bob"), Env: "prod", Until: time.Now().Add(30 * time.Minute), Reason: "release",
		}); why != "" || err != nil {
			w.Fatal(why, err)
		}
		w.command("ask")
		w.press(agent.Press{ID: "yes", Approve: true})
		w.work(time.Second)
		if _, err := w.Thaw(w.Context(), agenttest.Org, "prod", agenttest.Person(agenttest.Org, "bob"), agenttest.Now()); err != nil {
			w.Fatal(err)
		}
		if why := w.thaw("thaw"); why != "" || w.card().Frozen != nil {
			w.Errorf("%q: %+v", why, w.card().Frozen)
		}
		w.work(time.Second)
		told := w.of(agent.KindNotice)
		if n := len(told); n != 2 || told[n-1].Payload.Title != "Thawed" || !strings.Contains(told[n-1].Payload.Text, "release") || len(w.of(agent.KindResult)) != 1 {
			w.Errorf("told %+v, %d results", told, len(w.of(agent.KindResult)))
		}
		if why := w.thaw("again"); why != "prod is not frozen" {
			w.Errorf("%q", why)
		}
	})
}

// A freeze whose time is over leaves nothing to thaw, though an open card still has it.
func TestAFreezeThatEnded(t *testing.T) {
	inHall(t, func(w *hall) {
		w.effect = rbac.Change
		if err := w.Freeze(w.Context(), agenttest.Org, rbac.Freeze{ID: "freeze", Env: "prod", Until: time.Now().Add(time.Minute)}); err != nil {
			w.Fatal(err)
		}
		w.command("ask")
		w.work(2 * time.Minute)
		if why := w.thaw("thaw"); why != "prod is not frozen" || w.card().Frozen == nil {
			w.Errorf("%q: %+v", why, w.card().Frozen)
		}
	})
}

// Words that answered a question answer no second one when they are delivered again, and
// ask for nothing.
func TestWordsAnswerOnce(t *testing.T) {
	inHall(t, func(w *hall) {
		w.effect = rbac.Read
		w.does = func(agent.ToolCall) (agent.ToolResult, error) {
			return agent.ToolResult{Question: &agent.Question{Text: "how?", Otherwise: "not at all", Wait: time.Hour}}, nil
		}
		w.says = func(int) (agent.Reply, error) {
			return agent.Reply{Blocks: []agent.Block{{Text: "done"}}, Stop: agent.StopEnd}, nil
		}
		w.command("one")
		w.command("two")
		j := agenttest.Asked(agenttest.Org, "words", agenttest.Thread("1"))
		for range 2 {
			if err := w.runner().Run(w.Context(), w.Claim(j)); err != nil {
				w.Fatal(err)
			}
		}
		w.work(time.Second)
		if n := len(w.of(agent.KindAnswered)); n != 1 || len(w.of(agent.KindAsk)) != 2 {
			w.Errorf("answered %d times: %+v", n, w.of(agent.KindAsk))
		}
		if err := w.runner().Run(w.Context(), w.Claim(j)); err != nil || len(w.of(agent.KindAnswered)) != 1 {
			w.Errorf("later: %v, %+v", err, w.of(agent.KindAnswered))
		}
	})
}

func (w *hall) stop(id, who string) (refused string) {
	w.Helper()
	refused, err := w.runner().Stop(w.Context(), agent.Press{ID: id, Org: agenttest.Org, Thread: agenttest.Thread("1"), By: agenttest.Person(agenttest.Org, who), Text: "stop"})
	if err != nil {
		w.Fatal(err)
	}
	return refused
}

// An order to stop counts once, however often it is delivered: before it is obeyed, after
// that, and when it is refused.
func TestStopCountsOnce(t *testing.T) {
	inHall(t, func(w *hall) {
		w.effect, w.deny = rbac.Change, "eve"
		w.command("ask")
		for range 2 {
			if why := w.stop("eve's", "eve"); why != "no" {
				w.Errorf("%q", why)
			}
			if why := w.stop("stop", "bob"); why != "" {
				w.Errorf("%q", why)
			}
		}
		w.work(time.Second)
		if why := w.stop("stop", "bob"); why != "" {
			w.Errorf("after it was obeyed: %q", why)
		}
		if why := w.stop("another", "bob"); why != "nothing is running here" {
			w.Errorf("another one: %q", why)
		}
		if a, b, c := len(w.of(agent.KindStop)), len(w.of(agent.KindStopped)), len(w.of(agent.KindRefused)); a != 1 || b != 1 || c != 1 {
			w.Errorf("%d ordered, %d stopped, %d refused", a, b, c)
		}
	})
}

// Where nothing runs there is nothing to stop, whatever was written there last.
func TestNothingToStop(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]agent.Event{
		"drift that a person judged": {Kind: agent.KindDrift, Payload: agent.Payload{Drift: &agent.Drift{Stack: "web"}}},
		"the answer to a review":     {Kind: agent.KindAnswered, Payload: agent.Payload{Hold: &agent.Hold{Question: &agent.Question{Review: true}}}},
	} {
		t.Run(name, func(t *testing.T) {
			inHall(t, func(w *hall) {
				ev := agenttest.Answer(w.log(), "")
				ev.Kind, ev.Payload = last.Kind, last.Payload
				if err := w.Append(w.Context(), agenttest.Org, agent.Batch{Events: []agent.Event{ev}}); err != nil {
					w.Fatal(err)
				}
				if why := w.stop("stop", "bob"); why != "nothing is running here" || len(w.log().Events) != 1 {
					w.Errorf("%q: %+v", why, w.log().Events)
				}
			})
		})
	}
}

// Whoever is called next to a card reads the day until which it waits: it may wait for one.
func TestCalledUntilADay(t *testing.T) {
	inHall(t, func(w *hall) {
		w.effect, w.ladder = rbac.Change, [][]string{{"Ana"}, {"Bo"}}
		w.command("ask")
		w.work(2 * time.Minute)
		told := w.of(agent.KindNotice)
		if len(told) != 1 || !strings.Contains(told[0].Payload.Text, "until "+w.card().Expires.Format("2 January 15:04 MST")+".") {
			w.Errorf("told %+v", told)
		}
	})
}

// The alert of a question ends in words that are true of a question.
func TestTheAlertOfAQuestion(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		s, err := w.Open(w.Context(), agenttest.Org, agenttest.Thread("1"))
		if err != nil {
			w.Fatal(err)
		}
		h := agent.Hold{ID: "h", Org: agenttest.Org, Session: s.ID, Thread: s.Thread, State: agent.Open, Expires: time.Now().Add(time.Hour), Question: &agent.Question{}}
		if err := w.Append(w.Context(), agenttest.Org, agent.Batch{Hold: &h}); err != nil {
			w.Fatal(err)
		}
		w.again("raise", agent.Raise{Key: "question", Chain: "ops", Hold: h.ID, Title: "A question waits"})
		a := w.only()
		h.State = agent.Answered
		if err := w.Append(w.Context(), agenttest.Org, agent.Batch{Hold: &h}); err != nil {
			w.Fatal(err)
		}
		w.pass(10 * time.Minute)
		if got, err := w.Alert(w.Context(), agenttest.Org, a.ID); err != nil || got.Why != "the question was answered, or its time is over" {
			w.Errorf("%q, %v", got.Why, err)
		}
	})
}
