package docker

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"interlock/agent"
)

func TestMissing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		labels  map[string]string
		known   bool
		missing []string
	}{
		"ours":          {map[string]string{ToolsLabel: "git,sh,tofu"}, true, []string{"jq"}},
		"ours and bare": {map[string]string{ToolsLabel: ""}, true, []string{"tofu", "jq"}},
		"somebody's":    {map[string]string{"other": "x"}, false, nil},
		"none":          {nil, false, nil},
	} {
		if _, known := Programs(c.labels); known != c.known {
			t.Errorf("%s: known %v", name, known)
		}
		if m := Missing(c.labels, "tofu", "jq"); !slices.Equal(m, c.missing) {
			t.Errorf("%s: %v is missing", name, m)
		}
	}
}

// What an image is known not to hold is said before anything starts.
func TestNeeds(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	bare := "interlock-test:bare"
	if _, err := s.cli.ContainerCreate(t.Context(), client.ContainerCreateOptions{Name: "interlock-test-bare", Config: &container.Config{Image: testImage(), Cmd: []string{"true"}}}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.remove(context.WithoutCancel(t.Context()), "interlock-test-bare") }()
	if _, err := s.cli.ContainerCommit(t.Context(), "interlock-test-bare", client.ContainerCommitOptions{Reference: bare, Changes: []string{"LABEL " + ToolsLabel + "=sh"}}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_, _ = s.cli.ImageRemove(context.WithoutCancel(t.Context()), bare, client.ImageRemoveOptions{Force: true})
	}()
	other := agent.Command{Org: "acme", Session: "s", Call: "c", In: agent.InSession, Image: bare, Argv: []string{"true"}}
	own := other
	own.Image = ""
	if a, b := exec(t, s, own).Image, exec(t, s, other).Image; a == b || a == "" || b == "" {
		t.Errorf("a session in %q goes on in %q, with another image", a, b)
	}
	for _, in := range []agent.Container{agent.InSession, agent.InFresh} {
		c := agent.Command{Org: "acme", Session: "s", Call: "c", In: in, Image: bare, Argv: []string{"sh", "-c", "echo ran"}, Needs: []string{"sh", "tofu"}}
		out := exec(t, s, c)
		if out.Code != 127 || len(out.Stdout) > 0 || !strings.Contains(string(out.Stderr), bare+" has no tofu") {
			t.Errorf("%v: %+v %s", in, out, out.Stderr)
		}
		c.Needs = []string{"sh"}
		if out := exec(t, s, c); strings.TrimSpace(string(out.Stdout)) != "ran" {
			t.Errorf("%v, with what it needs: %+v", in, out)
		}
	}
}
