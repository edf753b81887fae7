package tofu_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/tools/tofu"
)

const (
	org    = "acme"
	stack  = "payments-prod"
	image  = "sha256:one"
	commit = "c1"
)

// world is a stack with its state on disk, a store of artifacts and a sandbox
// that answers as it is told.
type world struct {
	t       testing.TB
	stack   agent.Stack
	head    string
	files   map[string][]byte
	kept    map[string]agent.Artifact
	image   string
	changes int64 // live ones that have begun
	ran     []agent.Command
	exec    func(agent.Command) (agent.Output, error)
	collect func(agent.Command) (agent.Output, error)
}

func newWorld(t testing.TB) *world {
	t.Helper()
	code, err := os.ReadFile("../../../testdata/demo/infra/stacks/payments-prod/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		t: t, head: commit, image: image, kept: map[string]agent.Artifact{},
		files: map[string][]byte{"stacks/payments-prod/main.tf": code},
		stack: agent.Stack{
			Org: org, Name: stack, Environment: "prod", Directory: "stacks/payments-prod", State: t.TempDir(),
			Mounts: []agent.Mount{{From: "/host/world", To: "/world", Write: true}}, Providers: []string{"interlock/firewall"},
		},
	}
}

func (w *world) deps() tofu.Deps { return tofu.Deps{Stacks: w, Artifacts: w, Box: w, Changes: w} }

func (w *world) Changes(_ context.Context, o, name string) (int64, error) {
	if o != org || name != stack {
		return 0, agent.ErrNotFound
	}
	return w.changes, nil
}

func (w *world) env() agent.Env {
	return agent.Env{Org: org, Session: "s1", Box: w, Tell: func(string) {}}
}

func (w *world) Stack(_ context.Context, o, name string) (agent.Stack, error) {
	if o != org || name != stack {
		return agent.Stack{}, agent.ErrNotFound
	}
	return w.stack, nil
}

func (w *world) Head(context.Context, string, string) (string, error) { return w.head, nil }

func (w *world) Files(context.Context, string, string, string) (map[string][]byte, error) {
	return w.files, nil
}

func (w *world) Keep(_ context.Context, a agent.Artifact) (string, error) {
	sum := sha256.Sum256(a.Bytes)
	a.ID = hex.EncodeToString(sum[:])
	w.kept[a.ID] = a
	return a.ID, nil
}

func (w *world) Artifact(_ context.Context, o, id string) (agent.Artifact, error) {
	a, ok := w.kept[id]
	if !ok || a.Org != o || time.Now().After(a.Expires) {
		return agent.Artifact{}, agent.ErrNotFound
	}
	return a, nil
}

func (w *world) Exec(_ context.Context, c agent.Command) (agent.Output, error) {
	if err := c.Check(); err != nil {
		w.t.Error(err)
	}
	w.ran = append(w.ran, c)
	return w.exec(c)
}

func (w *world) Collect(_ context.Context, c agent.Command) (agent.Output, error) {
	if w.collect == nil {
		return agent.Output{}, agent.ErrNotFound
	}
	return w.collect(c)
}

func (w *world) Image(context.Context, string) (string, error) { return w.image, nil }

// state writes the stack's state.
func (w *world) state(serial int64) {
	w.t.Helper()
	b, err := json.Marshal(map[string]any{"version": 4, "serial": serial, "lineage": "l"})
	if err == nil {
		err = os.WriteFile(filepath.Join(w.stack.State, "terraform.tfstate"), b, 0o600)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// outcome is what run.sh leaves: the last step, and each step's code and output.
func outcome(code int, last string, files map[string]string) agent.Output {
	out := agent.Output{Code: code, Image: image, Files: map[string][]byte{"out/step": []byte(last + "\n")}}
	for name, s := range files {
		out.Files[name] = []byte(s)
	}
	return out
}

func planned(t testing.TB, document string) agent.Output {
	t.Helper()
	b, err := os.ReadFile("../../../testdata/tfplan/" + document)
	if err != nil {
		t.Fatal(err)
	}
	return outcome(0, "show", map[string]string{
		"out/init.code": "0\n", "out/plan.code": "0\n", "out/show.code": "0\n", "out/show.out": string(b), "out/plan.bin": "plan of " + document,
	})
}

func args(t testing.TB, v map[string]any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (w *world) Author(_ context.Context, o, name, at string) (*agent.Authored, error) {
	if o != org || name != stack {
		return nil, agent.ErrNotFound
	}
	return &agent.Authored{By: "Ana", Commit: at}, nil
}
