package tofu_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"interlock/agent"
	"interlock/agent/tools/tofu"
	"interlock/agent/tools/tofu/apply"
	"interlock/agent/tools/tofu/drift"
	"interlock/agent/tools/tofu/plan"
	"interlock/agent/tools/tofu/validate"
	"interlock/rbac"
)

func call(t testing.TB, v map[string]any) agent.ToolCall {
	t.Helper()
	return agent.ToolCall{ID: "call1", Args: args(t, v)}
}

func run(t *testing.T, w *world, tool agent.Tool, c agent.ToolCall) agent.ToolResult {
	t.Helper()
	res, err := tool.Run(t.Context(), w.env(), c)
	if err != nil {
		t.Fatal(err)
	}
	if res.Label.Integrity != rbac.Foreign || len(res.Label.Origins) != 1 {
		t.Errorf("label %+v", res.Label)
	}
	return res
}

func TestSpecs(t *testing.T) {
	t.Parallel()
	d := newWorld(t).deps()
	for _, tool := range []agent.Tool{validate.New(d), plan.New(d), apply.New(d), drift.New(d)} {
		s := tool.Spec()
		var schema struct {
			Type       string
			Required   []string
			Additional *bool `json:"additionalProperties"`
			Properties map[string]struct{ Description string }
		}
		if err := json.Unmarshal(s.Schema, &schema); err != nil {
			t.Fatal(err)
		}
		if schema.Type != "object" || len(schema.Required) != 1 || schema.Additional == nil || *schema.Additional {
			t.Errorf("%s has the schema %s", s.Name, s.Schema)
		}
		for name, p := range schema.Properties {
			if p.Description == "" {
				t.Errorf("%s does not describe %s", s.Name, name)
			}
		}
		if !strings.Contains(s.Description, "Example: {") || !strings.Contains(s.Description, "Effect: ") {
			t.Errorf("%s is described as %q", s.Name, s.Description)
		}
	}
}

func TestPlanKeepsThePlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.state(7)
	w.exec = func(agent.Command) (agent.Output, error) { return planned(t, "interlock/drift.json"), nil }
	res := run(t, w, plan.New(w.deps()), call(t, map[string]any{"stack": stack}))
	a, ok := w.kept[res.Artifact]
	if res.Failed || !ok || string(a.Bytes) != "plan of interlock/drift.json" || a.Kind != "plan" || a.Session != "s1" {
		t.Fatalf("%+v kept %+v", res, a)
	}
	var m map[string]any
	if err := json.Unmarshal(a.Meta, &m); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"stack": stack, "environment": "prod", "directory": "stacks/payments-prod", "commit": commit, "reviewed": true, "serial": 7.0, "lineage": "l", "image": image,
	} {
		if m[key] != want {
			t.Errorf("meta %s is %v", key, m[key])
		}
	}
	if res.Plan.Create != 1 || res.Plan.Update != 1 || !res.Plan.Reviewed || !strings.Contains(res.Text, "payments-prod: 1 to add, 1 to change") {
		t.Errorf("%+v\n%s", res.Plan, res.Text)
	}
	c := w.ran[0]
	if c.In != agent.InFresh || len(c.Mounts) != 2 || slices.ContainsFunc(c.Mounts, func(m agent.Mount) bool { return m.Write }) {
		t.Errorf("a plan may write: %+v", c.Mounts)
	}
}

func TestPlanOfWorkspaceIsNeverReviewed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec = func(c agent.Command) (agent.Output, error) {
		if c.In == agent.InFresh {
			if string(c.Files["src/stacks/payments-prod/main.tf"]) != "# edited" {
				t.Errorf("planned %q", c.Files["src/stacks/payments-prod/main.tf"])
			}
			return planned(t, "interlock/drift.json"), nil
		}
		return agent.Output{Stdout: packed(t, "./stacks/payments-prod/main.tf", tar.TypeReg, "# edited")}, nil
	}
	c := call(t, map[string]any{"stack": stack, "workspace": true})
	tool := plan.New(w.deps())
	if act, err := tool.Action(t.Context(), org, c.Args); err != nil || act.Effect != rbac.Propose {
		t.Errorf("action %+v, %v", act, err)
	}
	res := run(t, w, tool, c)
	if res.Failed || res.Plan.Reviewed {
		t.Fatalf("%+v", res)
	}
	if _, err := apply.New(w.deps()).Action(t.Context(), org, args(t, map[string]any{"plan": res.Artifact})); err == nil {
		t.Error("a plan of an edited workspace may be applied")
	}
}

func packed(t testing.TB, name string, kind byte, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	h := &tar.Header{Name: name, Typeflag: kind, Mode: 0o644}
	if kind == tar.TypeReg {
		h.Size = int64(len(content))
	}
	if err := w.WriteHeader(h); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)[:h.Size]); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What cannot be planned is a failed result that says why; nothing is kept.
func TestPlanRefuses(t *testing.T) {
	t.Parallel()
	failed := outcome(1, "plan", map[string]string{"out/init.code": "0", "out/plan.code": "1", "out/plan.err": "╷\n│ Error: Invalid value\n│ \n│   on main.tf line 3\n╵\n"})
	for name, c := range map[string]struct {
		change func(*world)
		args   map[string]any
		out    agent.Output
		want   string
	}{
		"unknown stack":  {args: map[string]any{"stack": "other"}, want: `there is no stack "other"`},
		"refused code":   {change: func(w *world) { w.files["stacks/payments-prod/x.tf"] = []byte("data \"external\" \"x\" {}") }, want: "x.tf:1: external data"},
		"failing plan":   {out: failed, want: "tofu plan failed: Error: Invalid value\n\n  on main.tf line 3"},
		"failing init":   {out: outcome(1, "init", map[string]string{"out/init.code": "1", "out/init.err": "no provider"}), want: "tofu init failed: no provider"},
		"no plan at all": {out: agent.Output{Code: 1, Stderr: []byte("no such directory")}, want: "did not start OpenTofu: no such directory"},
		"stopped":        {out: agent.Output{Code: 130, Stopped: true, Files: map[string][]byte{"out/step": []byte("plan")}}, want: "tofu plan was stopped"},
		"code 0, no end": {out: outcome(0, "plan", nil), want: "was not planned"},
		"a state":        {out: planned(t, "hashicorp/identity__state.json"), want: "not a plan"},
		"an error":       {out: planned(t, "opentofu/command__show-json__plan-error__output.json"), want: "marked the plan as failed"},
		"a link": {
			args: map[string]any{"stack": stack, "workspace": true},
			out:  agent.Output{Stdout: packed(t, "main.tf", tar.TypeSymlink, "")}, want: "no plain file",
		},
		"too large": {args: map[string]any{"stack": stack, "workspace": true}, out: agent.Output{Truncated: true}, want: "too large"},
	} {
		w := newWorld(t)
		if c.change != nil {
			c.change(w)
		}
		if c.args == nil {
			c.args = map[string]any{"stack": stack}
		}
		w.exec = func(agent.Command) (agent.Output, error) { return c.out, nil }
		res := run(t, w, plan.New(w.deps()), call(t, c.args))
		if !res.Failed || !strings.Contains(res.Text, c.want) || len(w.kept) > 0 {
			t.Errorf("%s: %+v", name, res)
		}
	}
}

func TestPlanOfMovingStateIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.state(1)
	w.exec = func(agent.Command) (agent.Output, error) {
		w.state(2)
		return planned(t, "interlock/drift.json"), nil
	}
	if res := run(t, w, plan.New(w.deps()), call(t, map[string]any{"stack": stack})); !res.Failed || len(w.kept) > 0 {
		t.Errorf("%+v", res)
	}
}

func TestScan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec = func(agent.Command) (agent.Output, error) { return planned(t, "interlock/drift.json"), nil }
	res := run(t, w, drift.New(w.deps()), call(t, map[string]any{"stack": stack}))
	if res.Failed || res.Scan == nil || res.Scan.Pending != nil || len(res.Scan.New) != 2 {
		t.Fatalf("%+v %+v", res, res.Scan)
	}
	api, metrics := res.Scan.New[0], res.Scan.New[1]
	if api.Resource != "firewall_rule.api" || api.Attribute != "source" || api.Code != "10.0.0.0/8" || api.Real != "0.0.0.0/0" {
		t.Errorf("%+v", api)
	}
	if metrics.Resource != "firewall_rule.metrics" || metrics.Attribute != "" || metrics.Real != "gone" {
		t.Errorf("%+v", metrics)
	}
	if !strings.Contains(res.Text, "2 findings of drift\nfirewall_rule.api source: the code says 10.0.0.0/8, the world has 0.0.0.0/0") {
		t.Errorf("text %q", res.Text)
	}
	w.exec = func(agent.Command) (agent.Output, error) { return outcome(1, "init", nil), nil }
	if res := run(t, w, drift.New(w.deps()), call(t, map[string]any{"stack": stack})); !res.Failed || res.Scan != nil || strings.Contains(res.Text, "no drift") {
		t.Errorf("%+v", res)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		said, want string
		failed     bool
	}{
		"valid":   {`{"valid": true, "diagnostics": []}`, "payments-prod is valid", false},
		"invalid": {`{"valid": false, "diagnostics": [{"severity":"error","summary":"Missing argument","detail":"It is needed.","range":{"filename":"main.tf","start":{"line":3}}}]}`, "main.tf:3: error: Missing argument. It is needed.", true},
		"nothing": {``, "was not validated", true},
		"no word": {`{}`, "was not validated", true},
	} {
		w := newWorld(t)
		w.exec = func(agent.Command) (agent.Output, error) {
			return outcome(0, tofu.Validate, map[string]string{"out/validate.out": c.said}), nil
		}
		res := run(t, w, validate.New(w.deps()), call(t, map[string]any{"stack": stack}))
		if res.Failed != c.failed || !strings.Contains(res.Text, c.want) || len(w.ran[0].Mounts) > 0 {
			t.Errorf("%s: %+v", name, res)
		}
	}
}
