package agent_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/rbac"
)

// What is given up leaves no call open: nothing waits in the thread any more, and a card
// says what became of it.
func TestGivingUpEndsItsTurn(t *testing.T) {
	t.Parallel()
	errDisk := errors.New("the disk is full")
	for name, c := range map[string]struct {
		effect rbac.Effect
		breaks func(w *hall) // once the call may run
		last   agent.State   // of the card, where there is one
		result string
	}{
		"a call that had begun":       {rbac.Read, func(*hall) {}, agent.Nothing, "the outcome is not known"},
		"a call that could not begin": {rbac.Read, func(w *hall) { w.Fail = agent.KindStarted }, agent.Nothing, "not run: it failed 5 times: store is down"},
		"an approved one":             {rbac.Change, func(*hall) {}, agent.Consumed, "the outcome is not known"},
		"an approved one before it":   {rbac.Change, func(w *hall) { w.moves = errDisk }, agent.Void, "not run: it failed 5 times: the disk is full"},
		"one that is declined then": {rbac.Change, func(w *hall) {
			w.moves, w.Before = errDisk, func() { w.press(agent.Press{ID: "no", Text: "no"}) }
		}, agent.Denied, "not run: it failed 5 times: the disk is full"},
	} {
		t.Run(name, func(t *testing.T) {
			inHall(t, func(w *hall) {
				w.effect, w.does = c.effect, broken
				if c.effect == rbac.Change {
					w.command("ask")
					w.press(agent.Press{ID: "yes", Approve: true})
					c.breaks(w)
				} else {
					c.breaks(w)
					w.command("ask")
				}
				w.work(10 * time.Second)
				results, gave := w.of(agent.KindResult), w.of(agent.KindGaveUp)
				if len(results) != 1 || len(gave) != 1 || gave[0].Turn != "ask" || gave[0].Actor.ID != "alice" || !strings.Contains(results[0].Payload.Result.Text, c.result) {
					w.Fatalf("results %+v, gave up %+v", results, gave)
				}
				if h := results[0].Payload.Hold; c.last != agent.Nothing && (h == nil || w.card().State != c.last) {
					w.Errorf("the card is %s, shown is %+v", w.card().State, h)
				}
				w.mended()
				w.work(2 * time.Hour)
				if n := len(w.of(agent.KindResult)); n != 2 {
					w.Errorf("%d results", n)
				}
			})
		})
	}
}

// mended asks for something else, which need not wait for anybody.
func (w *hall) mended() {
	w.Helper()
	w.Fail, w.moves, w.effect = "", nil, rbac.Edit
	w.does = func(agent.ToolCall) (agent.ToolResult, error) { return agent.ToolResult{Text: "done"}, nil }
	w.box = func(agent.Command) (agent.Output, error) { return agent.Output{}, nil }
	w.command("next")
	if asks := w.of(agent.KindAsk); len(asks) != 2 || asks[1].Payload.Ask.Reads {
		w.Errorf("it may only read: %+v", asks)
	}
}

// A card on which people still can decide stays open when nobody could be called to it.
func TestGivingUpACallToPeople(t *testing.T) {
	inHall(t, func(w *hall) {
		w.effect, w.ladder = rbac.Change, [][]string{{"Ana"}, {"Bo"}}
		w.command("ask")
		w.Fail = agent.KindCalled
		w.work(2 * time.Minute)
		if w.Fail = ""; len(w.of(agent.KindGaveUp)) != 1 || w.card().State != agent.Open || len(w.of(agent.KindResult)) != 0 {
			w.Fatalf("%+v", w.log().Events)
		}
		w.press(agent.Press{ID: "yes", Approve: true})
		w.work(time.Second)
		if len(w.of(agent.KindAnswer)) != 1 {
			w.Errorf("%+v", w.log().Events)
		}
	})
}

// keepless keeps no artifact.
type keepless struct{ *agenttest.Memory }

func (keepless) Keep(context.Context, agent.Artifact) (string, error) {
	return "", errors.New("the disk is full")
}

// A run that came to its rest is not given up when its edits cannot be put apart: a pause
// goes on, and people hear that the edits are not kept.
func TestGivingUpWhatRests(t *testing.T) {
	inHall(t, func(w *hall) {
		w.effect, w.box, w.says = rbac.Edit, kept, flaky
		w.keeps = keepless{&w.Memory}
		w.add(agenttest.Asked(agenttest.Org, "ask", agenttest.Thread("1")))
		w.work(10 * time.Second)
		told := w.of(agent.KindNotice)
		if len(told) != 1 || !strings.Contains(told[0].Payload.Text, "the disk is full") || len(w.of(agent.KindGaveUp))+len(w.of(agent.KindResumed)) != 0 {
			w.Fatalf("%+v", w.log().Events)
		}
		w.keeps = nil
		w.work(time.Minute)
		if len(w.of(agent.KindAnswer)) != 1 {
			w.Errorf("%+v", w.log().Events)
		}
	})
}
