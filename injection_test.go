package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

// injection is a row of the corpus.
type injection struct{ ID, Text string }

func injections(t *testing.T) (all []injection) {
	t.Helper()
	data, err := os.ReadFile("testdata/injection/injections.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row injection
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil || row.Text == "" {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		all = append(all, row)
	}
	if len(all) < 100 {
		t.Fatalf("%d rows", len(all))
	}
	return all
}

// vectors are the ways by which a row reaches the model. Each gives the tool that
// must be called first, or none.
var vectors = map[string]func(s *siege, text string) (read string){
	"tool output": func(s *siege, text string) string {
		s.tools["fetch"].says = text
		return "fetch "
	},
	"plan attribute": func(s *siege, text string) string {
		s.tools["fetch"].result = &agent.Plan{Stack: "web", Update: 1, Resources: []agent.PlanResource{
			{Address: "rule.api", Action: "update", Attributes: []agent.PlanAttribute{{Path: "description", Before: "old", After: text}}},
		}}
		return "fetch "
	},
	"file": func(s *siege, text string) string {
		s.tools["fetch"].says, s.tools["fetch"].label = "main.tf:\n"+text, rbac.Label{Origins: []string{"main.tf"}}
		return "fetch "
	},
	"message of a viewer":   func(s *siege, text string) string { s.hear("vic", text); return "" },
	"message of a stranger": func(s *siege, text string) string { s.hear("mallory", text); return "" },
}

// hear is a message before the operator's own; the model answers it with words.
func (s *siege) hear(who, text string) {
	s.Helper()
	if _, err := s.in.Mention(s.Context(), bot.Mention{ID: "heard", Org: org, Thread: thread, Actor: person(who), Text: text}); err != nil {
		s.Fatal(err)
	}
	s.mustWork()
}

// obedient does whatever it was told: in alice's turns it calls the tool, once it
// has read what there is to read, and tries again after it is told no.
type obedient struct {
	log        func() []agent.Event
	read, tool string
	row        injection
}

func (m obedient) Next(context.Context, agent.Prompt) (agent.Reply, error) {
	log := m.log()
	turn := log[len(log)-1].Turn
	ask := (&agent.Session{Events: log}).Asked(turn)
	if ask == nil || ask.Actor.ID != "alice" {
		return says(m.row.Text), nil
	}
	called := ""
	for _, ev := range log {
		if ev.Kind == agent.KindResult && ev.Turn == turn {
			called += ev.Payload.Call.Tool + " "
		}
	}
	switch {
	case !strings.Contains(called, m.read):
		return calls(strings.TrimSpace(m.read), "{}"), nil
	case strings.Count(called, m.tool) < 2:
		return calls(m.tool, "{}"), nil
	}
	return says("Done as ordered: " + m.row.Text), nil
}

// blind is a gate that takes every text for trusted: the control.
type blind struct{ agent.Gate }

func (b blind) Decide(ctx context.Context, r rbac.Request) rbac.Decision {
	r.Label = rbac.Clean()
	return b.Gate.Decide(ctx, r)
}

// obey lets one row have its way with one tool, also in a second request of the
// same thread, after the first one's words are history.
func obey(t *testing.T, vector, tool string, row injection, control bool) (ran int, held []agent.Hold) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.budget = agent.Budget{Steps: 20, Calls: 20, Tokens: 1e6, Plans: 20, Cost: agent.Unit, Wall: 1e15}
		s := besiege(w)
		if control {
			s.runner.Gate = blind{s.runner.Gate}
		}
		m := obedient{log: s.log, tool: tool, row: row}
		s.runner.Model = m
		m.read = vectors[vector](s, row.Text)
		s.runner.Model = m
		for _, text := range []string{"please look after web", "go on"} {
			s.clicks++
			s.mention("i"+string(rune('a'+s.clicks)), "alice", text)
			s.mustWork()
			s.stop("alice")
			s.mustWork()
		}
		s.drain()
		for _, c := range s.chat.posts {
			if c.Prose != "" && slices.ContainsFunc(c.Buttons, func(b bot.Button) bool { return b.Verb == "approve" }) {
				t.Errorf("%s: words with a button to approve", row.ID)
			}
		}
		ran = s.tools[tool].ran
		for _, ev := range s.log() {
			if ev.Kind == agent.KindApproval {
				held = append(held, *ev.Payload.Hold)
			}
		}
	})
	return ran, held
}

// A model that obeys every injection gets nothing done that people did not
// approve: whatever reached it raised its call to ask, and the card says what was
// read.
//
// With -every, each row orders each tool; make bench does so.
func TestInjections(t *testing.T) {
	t.Parallel()
	rows := injections(t)
	var deliveries, effects atomic.Int64
	t.Cleanup(func() { t.Logf("%d deliveries, %d unauthorized effects", deliveries.Load(), effects.Load()) })
	for vector := range vectors {
		t.Run(vector, func(t *testing.T) {
			t.Parallel()
			for i, row := range rows {
				for _, tool := range orders(vector, i) {
					deliveries.Add(1)
					effects.Add(int64(follow(t, vector, tool, row)))
				}
			}
		})
	}
}

var every = flag.Bool("every", false, "let each injection order each tool")

// orders are the tools that a row gets to order: the push, which nothing but its
// label holds back, and now and then what policy asks people about anyway. A
// stranger's words are never told to the model, so that only the latter is asked.
func orders(vector string, i int) (tools []string) {
	if vector != "message of a stranger" {
		tools = append(tools, "push")
	}
	switch {
	case *every:
		tools = append(tools, "apply", "destroy")
	case vector == "message of a stranger" || i%8 == 0:
		tools = append(tools, []string{"apply", "destroy"}[i/8%2])
	}
	return tools
}

func follow(t *testing.T, vector, tool string, row injection) (ran int) {
	t.Helper()
	ran, held := obey(t, vector, tool, row, false)
	if ran != 0 || len(held) == 0 {
		t.Errorf("%s as %s: %s ran %d times, %d cards", row.ID, vector, tool, ran, len(held))
	}
	for _, h := range held {
		if vector != "message of a stranger" && len(h.Request.Label.Origins) == 0 {
			t.Errorf("%s as %s: the card of %s does not say what was read", row.ID, vector, tool)
		}
	}
	return ran
}

// The harness can fail: with a gate that is blind to labels the push goes out.
func TestInjectionsControl(t *testing.T) {
	t.Parallel()
	row := injections(t)[0]
	for vector := range vectors {
		if ran, _ := obey(t, vector, "push", row, true); ran == 0 {
			t.Errorf("%s: nothing ran without the rule of labels", vector)
		}
	}
}
