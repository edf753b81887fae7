package shell

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"interlock/agent"
	"interlock/rbac"
)

// stacks has one stack, "web", of the Org "acme".
type stacks struct{}

func (stacks) Stack(_ context.Context, org, name string) (agent.Stack, error) {
	if org != "acme" || name != "web" {
		return agent.Stack{}, fmt.Errorf("stack %q: %w", name, agent.ErrNotFound)
	}
	return agent.Stack{Org: org, Name: name, Environment: "prod"}, nil
}

func (stacks) Head(context.Context, string, string) (string, error) { return "c0ffee", nil }

func (stacks) Files(_ context.Context, _, _, commit string) (map[string][]byte, error) {
	return map[string][]byte{"commit": []byte(commit)}, nil
}

// box records Commands and answers out and err.
type box struct {
	out  agent.Output
	err  error
	seen []agent.Command
}

func (b *box) Exec(_ context.Context, c agent.Command) (agent.Output, error) {
	b.seen = append(b.seen, c)
	return b.out, errors.Join(c.Check(), b.err)
}

func (b *box) Collect(context.Context, agent.Command) (agent.Output, error) {
	return agent.Output{}, agent.ErrNotFound
}
func (b *box) Image(context.Context, string) (string, error) { return "", agent.ErrNotFound }

func call(t *testing.T, stack, command string) agent.ToolCall {
	t.Helper()
	args, err := json.Marshal(map[string]string{"stack": stack, "command": command})
	if err != nil {
		t.Fatal(err)
	}
	return agent.ToolCall{ID: "c1", Tool: name, Args: args}
}

func TestAction(t *testing.T) {
	t.Parallel()
	tool := Tool{Stacks: stacks{}}
	for _, c := range []struct {
		stack, command, why string
		want                rbac.Action
	}{
		{"web", "ls", "", rbac.Action{Tool: name, Stack: "web", Environment: "prod", Effect: rbac.Read}},
		{"", "rm x", "", rbac.Action{Tool: name, Effect: rbac.Execute}},
		{"none", "ls", `there is no stack "none"`, rbac.Action{}},
		{"web", "tofu apply", "tofu_apply", rbac.Action{}},
		{"", "ls; kubectl delete pod x", "kubectl delete destroys live infrastructure", rbac.Action{}},
	} {
		got, err := tool.Action(t.Context(), "acme", call(t, c.stack, c.command).Args)
		if !reflect.DeepEqual(got, c.want) || (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%q: %+v %v", c.command, got, err)
		}
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		out  agent.Output
		want string
	}{
		{agent.Output{}, "(no output)"},
		{agent.Output{Stdout: []byte("a\n")}, "a\n"},
		{agent.Output{Stdout: []byte("a\n"), Stderr: []byte("b\n"), Code: 3}, "a\n\n[stderr]\nb\n\n[exit code 3]"},
		{agent.Output{Stdout: []byte("a"), Truncated: true}, "a\n[output beyond the sandbox's limit was dropped]"},
		{agent.Output{Stopped: true, Code: 137}, "[stopped before it ended]"},
		{agent.Output{Stdout: []byte(strings.Repeat("x", 100<<10) + "whole"), Stderr: []byte("why"), Code: 1}, "xwhole\n[stderr]\nwhy\n[exit code 1]"},
		{agent.Output{Stdout: []byte(strings.Repeat("x", head) + "middle" + strings.Repeat("y", tail))}, "[cut: 6 bytes left out]"},
	} {
		b := &box{out: c.out}
		r, err := Tool{Stacks: stacks{}}.Run(t.Context(), agent.Env{Org: "acme", Session: "s1", Box: b}, call(t, "web", "make; ls"))
		if err != nil || !strings.Contains(r.Text, c.want) || strings.Contains(r.Text, "middle") || r.Failed != c.out.Stopped {
			t.Errorf("%+v: %v %.200q", c.want, err, r.Text)
		}
		if r.Label.Integrity != rbac.Foreign || len(r.Label.Origins) != 1 || !strings.Contains(r.Label.Origins[0], "s1") {
			t.Errorf("label %+v", r.Label)
		}
		got := b.seen[0]
		if got.In != agent.InSession || got.Dir != "web" || got.Seed.Dir != "web" || !slices.Equal(got.Argv, []string{"sh", "-c", "make; ls"}) || got.Call != "c1" {
			t.Errorf("%+v", got)
		}
		if all, err := got.Seed.Files(); err != nil || string(all["commit"]) != "c0ffee" {
			t.Errorf("seed %v %v", all, err)
		}
	}
}

// What was refused is not run either when nobody asked for its Action before.
func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"none", "ls"}, {"web", "terraform destroy"}} {
		b := &box{}
		r, err := Tool{Stacks: stacks{}}.Run(t.Context(), agent.Env{Org: "acme", Session: "s1", Box: b}, call(t, c[0], c[1]))
		if err != nil || !r.Failed || len(b.seen) > 0 {
			t.Errorf("%v: %+v %v", c, r, err)
		}
	}
	lost := errors.New("engine is gone")
	if _, err := (Tool{}).Run(t.Context(), agent.Env{Org: "acme", Session: "s1", Box: &box{err: lost}}, call(t, "", "ls")); !errors.Is(err, lost) {
		t.Error(err)
	}
}
