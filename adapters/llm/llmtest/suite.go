package llmtest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"interlock/agent"
)

// Features say what an adapter and its library can do. The zero value is an
// adapter that can do none of it; the suite then asks for less.
type Features struct {
	Streams      bool // pieces of text come before the end
	Opaque       bool // signed thinking comes, and goes back
	Cache        bool // usage tells what the provider's cache served
	FlagsFailure bool // the wire's error flag marks a failed result; else "error: " does
	Exact        bool // arguments come as the bytes that were sent, JSON or not
}

// Build makes the adapter under test, for a base URL as Server.URL gives it.
type Build = func(t *testing.T, url, key, model string) agent.Model

// suite is TestModel's adapter, and what it can do.
type suite struct {
	d     Dialect
	f     Features
	build Build
}

// TestModel is the suite that every adapter of a model passes. The caller must
// not be parallel: some cases set the environment or count goroutines.
func TestModel(t *testing.T, d Dialect, f Features, build Build) {
	s := suite{d, f, build}
	t.Run("environment", s.environment)
	t.Run("leaks", s.leaks)
	for _, c := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"text", s.text},
		{"names", s.names},
		{"calls", s.calls},
		{"history", s.history},
		{"odd history", s.oddHistory},
		{"arguments", s.arguments},
		{"empty answer", s.empty},
		{"length", s.length},
		{"characters", s.characters},
		{"long lines", s.long},
		{"thinking", s.thinking},
		{"foreign thinking", s.foreign},
		{"usage", s.usage},
		{"refusals", s.refusals},
		{"errors", s.errors},
		{"broken answers", s.broken},
		{"pieces", s.pieces},
		{"cancel", s.cancel},
		{"redirect", s.redirect},
		{"at once", s.atOnce},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t)
		})
	}
}

// start gives an adapter and the server that it asks.
func (s suite) start(t *testing.T, answers ...Answer) (agent.Model, *Server) {
	t.Helper()
	server := NewServer(t, nil)
	server.Plan(answers...)
	return s.build(t, server.URL(s.d), server.Key(), server.Name()), server
}

// say is a user's question with a tool at hand.
func say(text string) agent.Prompt {
	return agent.Prompt{
		System: []string{"You are a test."},
		Tools: []agent.ToolSpec{
			{Name: "get", Description: "Reads a file.", Schema: []byte(`{"type":"object","properties":{"path":{"type":"string"}}}`)},
			{Name: "put", Description: "Writes a file.", Schema: []byte(`{"type":"object","properties":{"text":{"type":"string","enum":["a","b"]}},"required":["text"],"additionalProperties":false}`)},
		},
		Messages: []agent.Message{{Role: agent.User, Blocks: []agent.Block{{Text: text}}}},
	}
}

// then adds what was said next.
func then(p agent.Prompt, role agent.Role, blocks ...agent.Block) agent.Prompt {
	p.Messages = append(p.Messages[:len(p.Messages):len(p.Messages)], agent.Message{Role: role, Blocks: blocks})
	return p
}

func called(id, tool, args string) agent.Block {
	return agent.Block{Call: &agent.ToolCall{ID: id, Tool: tool, Args: []byte(args)}}
}

func result(id, tool, text string, failed bool) agent.Block {
	return agent.Block{Result: &agent.CallResult{Call: id, Tool: tool, Text: text, Failed: failed}}
}

// spoken is a reply of one text.
func spoken(text string) agent.Reply {
	return agent.Reply{Blocks: []agent.Block{{Text: text}}, Stop: agent.StopEnd}
}

// next asks, and the answer must come.
func next(t *testing.T, m agent.Model, p agent.Prompt) agent.Reply {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	reply, err := m.Next(ctx, p)
	if err != nil {
		t.Fatalf("Next: %v", err)
	}
	return reply
}

// fails asks, and a fault must come, which never tells the key.
func (s suite) fails(t *testing.T, m agent.Model, server *Server, p agent.Prompt) *agent.ModelError {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	reply, err := m.Next(ctx, p)
	var me *agent.ModelError
	if !errors.As(err, &me) {
		t.Fatalf("Next: reply %+v, error %v; want a *agent.ModelError", reply, err)
	}
	for _, text := range []string{err.Error(), me.What(), me.Do()} {
		if strings.Contains(text, server.Key()) {
			t.Errorf("the error tells the key: %s", text)
		}
	}
	if me.Model != server.Name() {
		t.Errorf("the error names model %q, want %q", me.Model, server.Name())
	}
	if n := len([]rune(me.Error())); n > 600 {
		t.Errorf("the error has %d characters, and is cut at 300", n)
	}
	return me
}

// taken fails if the server refused a request, which no adapter may cause.
func taken(t *testing.T, server *Server) Request {
	t.Helper()
	all := server.Requests()
	if len(all) == 0 {
		t.Fatal("the server was not asked")
	}
	for _, r := range all {
		if r.Refused != "" {
			t.Fatalf("the wire refuses the request: %s\n%s", r.Refused, r.Body)
		}
	}
	return all[len(all)-1]
}

// until waits for what another side does in its own time.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("it never happens: %s", what)
		}
	}
}
