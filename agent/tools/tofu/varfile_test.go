package tofu_test

import (
	"slices"
	"strings"
	"testing"

	"interlock/agent"
	"interlock/agent/tools/tofu"
	"interlock/agent/tools/tofu/drift"
	"interlock/agent/tools/tofu/plan"
)

// A plan takes the file of variables that the stack names, out of the reviewed code
// and from nowhere else; an apply takes the stored plan alone.
func TestVarFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, want string }{
		"in the directory": {"eu.tfvars", ""},
		"beside it":        {"../eu.tfvars", ""},
		"not there":        {"us.tfvars", "there is no file us.tfvars"},
		"above everything": {"../../../eu.tfvars", "leads out of the repository"},
		"of the host":      {"/etc/passwd", "leads out of the repository"},
	} {
		w := newWorld(t)
		w.stack.VarFile = c.file
		w.files["stacks/payments-prod/eu.tfvars"], w.files["stacks/eu.tfvars"] = []byte("a = 1"), []byte("a = 2")
		w.exec = func(agent.Command) (agent.Output, error) { return planned(t, "interlock/drift.json"), nil }
		res := run(t, w, plan.New(w.deps()), call(t, map[string]any{"stack": stack}))
		if res.Failed != (c.want != "") || !strings.Contains(res.Text, c.want) || len(w.ran) > 0 && !slices.Contains(w.ran[0].Argv, c.file) {
			t.Errorf("%s: %+v ran %+v", name, res, w.ran)
		}
	}
}

// Findings that the stack's rules leave out are counted, never told; who changed the
// code last stands beside them.
func TestScanHeedsRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stack.Ignore = []string{"firewall_rule.api source"}
	w.exec = func(agent.Command) (agent.Output, error) { return planned(t, "interlock/drift.json"), nil }
	d := w.deps()
	res := run(t, w, drift.New(d), call(t, map[string]any{"stack": stack}))
	if res.Scan == nil || res.Scan.Ignored != 1 || len(res.Scan.New) != 1 || res.Scan.New[0].Resource != "firewall_rule.metrics" || res.Scan.Authored != nil {
		t.Fatalf("%+v", res.Scan)
	}
	if strings.Contains(res.Text, "firewall_rule.api") || !strings.Contains(res.Text, "left out by the rules of the stack's ignore: 1") {
		t.Errorf("text %q", res.Text)
	}
	d.Authors = w
	res = run(t, w, drift.New(d), call(t, map[string]any{"stack": stack}))
	if a := res.Scan.Authored; a == nil || *a != (agent.Authored{By: "Ana", Commit: commit}) {
		t.Errorf("by %+v", a)
	}
}

var _ tofu.Authors = (*world)(nil)
