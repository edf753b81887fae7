package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"interlock/adapters/llm/llmtest"
	"interlock/adapters/llm/scripted"
	"interlock/agent"
	"interlock/config"
)

// wires are the ways to a provider, each against a server on loopback that
// speaks its wire and refuses what the real one refuses.
var wires = [...]struct {
	name, provider, kind string
	dialect              llmtest.Dialect
}{
	{"anthropic", "anthropic", "", llmtest.Anthropic},
	{"openai", "openai", "", llmtest.OpenAI},
	{"langchain with openai", "langchain", "openai", llmtest.OpenAI},
	{"langchain with anthropic", "langchain", "anthropic", llmtest.Anthropic},
}

// settings are the environment that leads to a server.
func settings(s *llmtest.Server, provider, kind string, d llmtest.Dialect) []string {
	return []string{
		"INTERLOCK_MODEL_PROVIDER=" + provider, "INTERLOCK_MODEL_KIND=" + kind, "INTERLOCK_MODEL_NAME=" + s.Name(),
		"INTERLOCK_MODEL_API_KEY=" + s.Key(), "INTERLOCK_MODEL_BASE_URL=" + s.URL(d),
	}
}

// The whole loop of the demo passes over each wire: the scripted model stands
// behind the provider, so that all it knows of the thread came over the wire.
func TestDemoOverEachWire(t *testing.T) {
	t.Parallel()
	for _, w := range wires {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			brain, err := scripted.Builtin()
			if err != nil {
				t.Fatal(err)
			}
			s := llmtest.NewServer(t, brain)
			var out bytes.Buffer
			err = demo(t.Context(), demoOptions{
				addr: "127.0.0.1:0", dir: filepath.Join(t.TempDir(), "demo"), headless: true,
				environ: settings(s, w.provider, w.kind, w.dialect),
			}, &out)
			if err != nil {
				t.Fatalf("%v\n%s", err, out.String())
			}
			asked := s.Requests()
			if len(asked) < 3 {
				t.Fatalf("the provider was asked %d times", len(asked))
			}
			for i, r := range asked {
				if r.Refused != "" {
					t.Errorf("request %d was refused: %s", i+1, r.Refused)
				}
			}
			if n := s.Open(); n > 4 {
				t.Errorf("%d connections are open", n)
			}
		})
	}
}

// doctor says in one line what is wrong with a model, and what to change, before
// a thread has to.
func TestDoctorTriesTheModel(t *testing.T) {
	t.Parallel()
	echo := func(args string) llmtest.Answer {
		return llmtest.Say(agent.Reply{Stop: agent.StopCalls, Blocks: []agent.Block{{Call: &agent.ToolCall{ID: "1", Tool: "echo", Args: json.RawMessage(args)}}}})
	}
	for name, c := range map[string]struct {
		answer llmtest.Answer
		want   string // "" is no complaint
	}{
		"all is well":       {echo(`{"text": "ok", "count": 2}`), ""},
		"a wrong key":       {llmtest.BadKey(), "set model.api_key"},
		"an unknown model":  {llmtest.UnknownModel(), "set model.name"},
		"no credit":         {llmtest.NoCredit(), "add credit"},
		"no calls of tools": {llmtest.Say(agent.Reply{Stop: agent.StopEnd, Blocks: []agent.Block{{Text: "ok, 2"}}}), "set model.name to one that can call tools"},
		"garbled arguments": {echo(`{"text": "ok", "cou`), "not JSON"},
		"another server":    {llmtest.Status(404, nil, "<html>not here</html>"), "model.base_url"},
	} {
		for _, w := range wires[:2] {
			t.Run(name+" at "+w.name, func(t *testing.T) {
				t.Parallel()
				s := llmtest.NewServer(t, nil)
				s.Plan(c.answer)
				cfg, _, err := config.Load(filepath.Join("testdata", "config", "empty.yaml"), settings(s, w.provider, "", w.dialect))
				if err != nil {
					t.Fatal(err)
				}
				found, err := modelChecks(cfg.Model)[0].run(t.Context())
				switch {
				case c.want == "" && (err != nil || !strings.Contains(found, "calls tools")):
					t.Fatalf("found %q, %v", found, err)
				case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), s.Key())):
					t.Fatalf("said %v", err)
				}
			})
		}
	}
}
