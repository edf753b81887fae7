package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/agent"
)

const inWorkspaces = `data_dir: data
orgs:
  acme:
    people: {ana: {roles: [approver]}}
    environments: {prod: {tier: gated}}
    channels: {"console:payments": {tier: gated}}
    stacks:
      payments:
        repository: infra
        directory: stacks/payments-prod
        environment: prod
        channel: "console:payments"
        state: state
        variants:
          eu: {workspace: eu, mounts: [{from: world/eu, to: /world, write: true}]}
          us: {workspace: us, mounts: [{from: world/us, to: /world, write: true}]}
`

// Two workspaces of one stack are planned, applied and scanned apart, by real OpenTofu:
// each has the name that its code asks for, a state where OpenTofu looks for it, and
// sees nothing of the other. A plan of one is never applied to the other.
func TestWorkspaces(t *testing.T) {
	t.Parallel()
	w, err := newDemoWorld(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	main := filepath.Join(w.repo, "stacks", demoStack, "main.tf")
	code := read(t, main)
	write(t, main, strings.Replace(code, `"Payment API, from inside only"`, `"Payment API of ${terraform.workspace}"`, 1))
	if err := w.commit("say where"); err != nil {
		t.Fatal(err)
	}
	state := func(ws string) string { return filepath.Join(w.state, "terraform.tfstate.d", ws) }
	for _, ws := range []string{"eu", "us"} {
		for _, dir := range []string{filepath.Join(w.world, ws), state(ws)} {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // the sandbox is another user
				t.Fatal(err)
			}
		}
	}
	write(t, w.config, inWorkspaces)
	a := w.wired(t)
	defer closed(t, a)
	env := agent.Env{Org: demoOrg, Session: "s", Box: a.box, Tell: func(string) {}}
	for _, ws := range []string{"eu", "us"} {
		env.Session = ws // the same call of the same session is made once
		plan, err := a.direct(t.Context(), env, "tofu_plan", map[string]string{"stack": "payments-" + ws})
		if err != nil {
			t.Fatal(err)
		}
		if plan.Plan.Create != 4 {
			t.Errorf("a plan of %s beside what there is: %+v", ws, plan.Plan)
		}
		if _, err := a.direct(t.Context(), env, "tofu_apply", map[string]string{"plan": plan.Artifact}); err != nil {
			t.Fatal(err)
		}
		here := &demoWorld{world: filepath.Join(w.world, ws)}
		if r, err := here.rule("api"); err != nil || r["description"] != "Payment API of "+ws {
			t.Errorf("world of %s: %v %v", ws, r, err)
		}
		if s := read(t, filepath.Join(state(ws), "terraform.tfstate")); !strings.Contains(s, "Payment API of "+ws) {
			t.Errorf("state of %s is %.300s", ws, s)
		}
	}
	if err := (&demoWorld{world: filepath.Join(w.world, "us")}).open("metrics"); err != nil {
		t.Fatal(err)
	}
	for ws, drifts := range map[string]int{"eu": 0, "us": 1} {
		env.Session = ws
		seen, err := a.direct(t.Context(), env, "drift_scan", map[string]string{"stack": "payments-" + ws})
		if err != nil || len(seen.Scan.New) != drifts {
			t.Errorf("%s drifts: %+v, %v", ws, seen.Scan, err)
		}
	}
	if others, err := os.ReadDir(w.state); err != nil || len(others) != 1 {
		t.Errorf("beside the workspaces there are %v, %v", others, err)
	}
}

// A stack that is of another workspace than when it was planned is planned again, also
// when neither has a state yet.
func TestWorkspaceChangesAfterPlan(t *testing.T) {
	t.Parallel()
	w, err := newDemoWorld(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{filepath.Join(w.world, "eu"), filepath.Join(w.state, "terraform.tfstate.d", "eu"), filepath.Join(w.state, "terraform.tfstate.d", "asia")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, w.config, inWorkspaces)
	a := w.wired(t)
	env := agent.Env{Org: demoOrg, Session: "s", Box: a.box, Tell: func(string) {}}
	plan, err := a.direct(t.Context(), env, "tofu_plan", map[string]string{"stack": "payments-eu"})
	if err != nil {
		t.Fatal(err)
	}
	closed(t, a)
	write(t, w.config, strings.Replace(inWorkspaces, "workspace: eu", "workspace: asia", 1))
	a = w.wired(t)
	defer closed(t, a)
	env.Box = a.box
	if _, err := a.direct(t.Context(), env, "tofu_apply", map[string]string{"plan": plan.Artifact}); err == nil || !strings.Contains(err.Error(), "was configured otherwise") {
		t.Errorf("applied elsewhere: %v", err)
	}
}

func closed(t *testing.T, a *app) {
	t.Helper()
	if err := a.close(); err != nil {
		t.Error(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
