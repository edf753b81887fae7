package main

import (
	"bytes"
	"path/filepath"
	"testing"

	"interlock/adapters/llm/llmtest"
	"interlock/adapters/llm/scripted"
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
				environ: []string{
					"INTERLOCK_MODEL_PROVIDER=" + w.provider, "INTERLOCK_MODEL_KIND=" + w.kind, "INTERLOCK_MODEL_NAME=" + s.Name(),
					"INTERLOCK_MODEL_API_KEY=" + s.Key(), "INTERLOCK_MODEL_BASE_URL=" + s.URL(w.dialect),
				},
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
