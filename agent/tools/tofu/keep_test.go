package tofu_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"interlock/agent"
	"interlock/agent/tools/tofu/keep"
	"interlock/rbac"
)

// done is a plan that changes nothing.
const done = `{"format_version": "1.2", "planned_values": {}, "resource_changes": []}`

func shownPlan(document string) agent.Output {
	return outcome(0, "show", map[string]string{
		"out/init.code": "0", "out/plan.code": "0", "out/show.code": "0", "out/show.out": document, "out/plan.bin": "p",
	})
}

// keeping answers the two plans and the writing into the copy, in this order.
func keeping(t testing.TB, w *world, after, put agent.Output) {
	w.exec = func(c agent.Command) (agent.Output, error) {
		switch {
		case c.In == agent.InSession:
			return put, nil
		case strings.HasSuffix(c.Call, "/edited"):
			return after, nil
		}
		return planned(t, "interlock/drift.json"), nil
	}
}

func TestKeep(t *testing.T) {
	t.Parallel()
	const main = "stacks/payments-prod/main.tf"
	for name, c := range map[string]struct {
		after, put agent.Output
		want       []string
	}{
		"nothing is left": {shownPlan(done), agent.Output{}, []string{
			"A plan of the edited code shows no change.", "The edited code is in this session's copy.", "-  source      = \"10.0.0.0/8\"\n+  source      = \"0.0.0.0/0\"\n   port        = 443",
			"2 of 2 differences are written into the code\n", "To keep it, bring this patch through review; git apply takes it.\ndiff --git a/" + main, "written: firewall_rule.api source (" + main + ":21)", "written: firewall_rule.metrics (" + main + ":37, its block is deleted)",
		}},
		"something is left": {planned(t, "interlock/drift.json"), agent.Output{}, []string{"A plan of the edited code still has: payments-prod: 1 to add, 1 to change"}},
		"no second plan":    {outcome(1, "plan", map[string]string{"out/plan.err": "Error: no"}), agent.Output{}, []string{"A plan of the edited code came to nothing: payments-prod was not planned: tofu plan failed: Error: no"}},
		"other edits":       {shownPlan(done), agent.Output{Code: 3, Stderr: []byte("it has other edits\n")}, []string{"Not put into this session's copy of the code: " + main + ": it has other edits."}},
	} {
		w := newWorld(t)
		keeping(t, w, c.after, c.put)
		tool := keep.New(w.deps())
		args := call(t, map[string]any{"stack": stack})
		if act, err := tool.Action(t.Context(), org, args.Args); err != nil || act.Effect != rbac.Propose || act.Stack != stack || act.Environment != "prod" {
			t.Errorf("action %+v, %v", act, err)
		}
		res := run(t, w, tool, args)
		for _, want := range c.want {
			if !strings.Contains(res.Text, want) {
				t.Errorf("%s: no %q in\n%s", name, want, res.Text)
			}
		}
		if res.Failed || res.Plan != nil || len(w.kept) > 0 || len(w.ran) != 3 {
			t.Errorf("%s: %+v", name, res)
		}
		first, second, put := w.ran[0], w.ran[1], w.ran[2]
		code := string(second.Files["src/"+main])
		if first.Call == second.Call || !strings.Contains(code, `source      = "0.0.0.0/0"`) || strings.Count(code, "\n") != strings.Count(string(w.files[main]), "\n")-9 {
			t.Errorf("%s: planned as %s\n%s", name, second.Call, code)
		}
		for _, m := range second.Mounts {
			if m.Write {
				t.Errorf("the edited code may write to %s", m.To)
			}
		}
		if string(put.Stdin) != code || put.Dir != stack || put.Argv[4] != "./"+main || put.Seed == nil {
			t.Errorf("%s: put %+v", name, put)
		}
		if strings.Contains(string(w.files[main]), "0.0.0.0/0") {
			t.Error("the reviewed code itself was edited")
		}
	}
}

func TestKeepNothing(t *testing.T) {
	t.Parallel()
	computed := strings.Replace(done, `"resource_changes"`, `"resource_drift": [{"address": "firewall_rule.api", "type": "firewall_rule", "name": "api", "change": {"actions": ["update"], "before": {"id": "1"}, "after": {"id": "2"}}}], "resource_changes"`, 1)
	for name, c := range map[string]struct {
		out    agent.Output
		failed bool
		want   string
	}{
		"no drift":      {shownPlan(done), false, "no drift, so there is nothing to keep"},
		"none possible": {shownPlan(computed), true, "none of 1 difference is written into the code\nnot written: firewall_rule.api id: the code does not set it"},
		"no plan":       {outcome(1, "init", nil), true, "payments-prod was not planned"},
	} {
		w := newWorld(t)
		w.exec = func(agent.Command) (agent.Output, error) { return c.out, nil }
		res := run(t, w, keep.New(w.deps()), call(t, map[string]any{"stack": stack}))
		if res.Failed != c.failed || !strings.Contains(res.Text, c.want) || len(w.ran) != 1 {
			t.Errorf("%s: %+v, %d commands", name, res, len(w.ran))
		}
	}
}

// When the sandbox itself fails, the outcome is not known: that is an error.
func TestKeepErrs(t *testing.T) {
	t.Parallel()
	broken := errors.New("no engine")
	for i := range 3 {
		w := newWorld(t)
		n := 0
		keeping(t, w, shownPlan(done), agent.Output{})
		inner := w.exec
		w.exec = func(c agent.Command) (agent.Output, error) {
			if n++; n == i+1 {
				return agent.Output{}, broken
			}
			return inner(c)
		}
		if _, err := keep.New(w.deps()).Run(t.Context(), w.env(), call(t, map[string]any{"stack": stack})); !errors.Is(err, broken) {
			t.Error(fmt.Errorf("command %d: %w", i+1, err))
		}
	}
}
