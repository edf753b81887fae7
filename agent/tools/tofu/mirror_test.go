package tofu_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"interlock/agent"
	"interlock/agent/tools/tofu"
	"interlock/agent/tools/tofu/apply"
	"interlock/agent/tools/tofu/plan"
	"interlock/agent/tools/tofu/validate"
)

// Every run sees the fetched providers, and none can write to them. A folder that
// is not there yet is no mount: it is looked for at each run.
func TestMirrorIsMounted(t *testing.T) {
	t.Parallel()
	w, stored := stored(t, nil)
	dir := filepath.Join(t.TempDir(), "providers")
	d := w.deps()
	d.Mirror = dir
	w.exec = func(agent.Command) (agent.Output, error) { return outcome(1, "init", nil), nil }
	tools := map[agent.Tool]agent.ToolCall{
		validate.New(d): call(t, map[string]any{"stack": stack}), plan.New(d): call(t, map[string]any{"stack": stack}), apply.New(d): stored,
	}
	want := tofu.MirrorMount(dir)
	for _, there := range []bool{false, true} {
		for tool, c := range tools {
			w.ran = nil
			run(t, w, tool, c)
			if len(w.ran) != 1 || slices.Contains(w.ran[0].Mounts, want) != there || want.Write || want.To != "/providers" {
				t.Errorf("%s, there %v: %+v", tool.Spec().Name, there, w.ran)
			}
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for tool, c := range tools {
		w.ran = nil
		run(t, w, tool, c)
		if len(w.ran) != 1 || slices.Contains(w.ran[0].Mounts, want) {
			t.Errorf("%s mounts a file: %+v", tool.Spec().Name, w.ran)
		}
	}
}
