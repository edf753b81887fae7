package agent_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/rbac"
)

// flaky calls the tool, cannot be reached, and then answers.
func flaky(n int) (agent.Reply, error) {
	switch n {
	case 1:
		return agent.Reply{Blocks: []agent.Block{{Call: &agent.ToolCall{ID: "1", Tool: "tool", Args: json.RawMessage("{}")}}}, Stop: agent.StopCalls}, nil
	case 2:
		return agent.Reply{}, &agent.ModelError{Fault: agent.FaultNetwork}
	}
	return agent.Reply{Blocks: []agent.Block{{Text: "done"}}, Stop: agent.StopEnd}, nil
}

// kept is a sandbox in which work is left to put apart.
func kept(c agent.Command) (agent.Output, error) {
	if len(c.Collect) > 0 {
		return agent.Output{Files: map[string][]byte{c.Collect[0]: []byte("bundle")}}, nil
	}
	return agent.Output{Stdout: []byte("web\tabc\tdef\t6\n")}, nil
}

// A pause goes on by itself, whatever is written of its turn meanwhile.
func TestWhatEndsNoPause(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		effect    rbac.Effect
		box       func(c agent.Command) (agent.Output, error)
		meanwhile func(w *hall)
		writes    agent.Kind
	}{
		"its edits are kept":     {rbac.Edit, kept, nil, agent.KindKept},
		"its edits are not kept": {rbac.Edit, func(agent.Command) (agent.Output, error) { return agent.Output{}, errors.New("no") }, nil, agent.KindNotice},
		"an old card is pressed": {rbac.Change, kept, func(w *hall) { w.press(agent.Press{ID: "late", Approve: true}) }, agent.KindRefused},
	} {
		t.Run(name, func(t *testing.T) {
			inHall(t, func(w *hall) {
				w.effect, w.box, w.says = c.effect, c.box, flaky
				w.add(agenttest.Asked(agenttest.Org, "ask", agenttest.Thread("1")))
				w.work(time.Second)
				if c.effect == rbac.Change {
					w.press(agent.Press{ID: "yes", Approve: true})
					w.work(time.Second)
				}
				if c.meanwhile != nil {
					c.meanwhile(w)
				}
				paused, wrote := w.of(agent.KindPaused), w.of(c.writes)
				if len(paused) != 1 || len(wrote) != 1 || wrote[0].Seq < paused[0].Seq || wrote[0].Turn != paused[0].Turn {
					w.Fatalf("paused %+v, wrote %+v", paused, wrote)
				}
				w.work(time.Minute)
				if len(w.of(agent.KindResumed)) != 1 || len(w.of(agent.KindAnswer)) != 1 {
					w.Errorf("it is lost: %+v", w.log().Events)
				}
			})
		})
	}
}

// A pause with edits can be stopped, by an order that finds it.
func TestStopOfAPauseWithEdits(t *testing.T) {
	inHall(t, func(w *hall) {
		w.effect, w.box, w.says = rbac.Edit, kept, flaky
		w.add(agenttest.Asked(agenttest.Org, "ask", agenttest.Thread("1")))
		w.work(time.Second)
		if why := w.stop("stop", "alice"); why != "" {
			w.Fatal(why)
		}
		w.work(time.Minute)
		if len(w.of(agent.KindResumed)) != 1 || len(w.of(agent.KindStopped)) != 1 || w.told != 2 {
			w.Errorf("asked %d times: %+v", w.told, w.log().Events)
		}
	})
}

// The times of a pause are of one clock.
func TestClockOfAPause(t *testing.T) {
	inHall(t, func(w *hall) {
		w.skew, w.effect, w.box = time.Hour, rbac.Read, kept
		w.says = func(int) (agent.Reply, error) { return flaky(2) }
		w.add(agenttest.Asked(agenttest.Org, "ask", agenttest.Thread("1")))
		w.work(time.Second)
		all := w.of(agent.KindPaused)
		if len(all) != 1 || !all[0].Payload.Pause.Since.Equal(all[0].Payload.Pause.At.Add(-30*time.Second)) {
			w.Errorf("%+v", all)
		}
	})
}
