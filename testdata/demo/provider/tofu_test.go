package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// stack is a folder with a configuration, a world and a state of its own, and
// the provider under test in the place of an installed one.
type stack struct {
	t               *testing.T
	dir, world, cli string
	tofu            string
}

func newStack(t *testing.T) stack {
	t.Helper()
	s := stack{t: t, dir: t.TempDir(), world: t.TempDir(), tofu: findTofu(t)}
	bin := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(bin, "terraform-provider-firewall"), ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, out)
	}
	s.cli = filepath.Join(bin, "tofu.rc")
	s.write(s.cli, fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n}\n", "registry.opentofu.org/interlock/firewall", bin))
	return s
}

// findTofu takes INTERLOCK_TOFU, or what the set-up script builds; elsewhere
// than on Linux that one is for the sandbox alone, and tofu is on the PATH.
func findTofu(t *testing.T) string {
	t.Helper()
	tofu := os.Getenv("INTERLOCK_TOFU")
	if tofu == "" && runtime.GOOS == "linux" {
		out, err := exec.CommandContext(t.Context(), "../../../scripts/setup.sh", "tofu").Output()
		if err != nil {
			t.Fatalf("this test needs OpenTofu: run scripts/setup.sh tofu (%v)", err)
		}
		tofu = strings.TrimSpace(string(out))
	}
	if tofu == "" {
		tofu = "tofu"
	}
	tofu, err := exec.LookPath(tofu)
	if err != nil {
		t.Fatalf("this test needs OpenTofu: put tofu on the PATH, or set INTERLOCK_TOFU (%v)", err)
	}
	return tofu
}

func (s stack) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// rules sets the configuration; each rule is "name source".
func (s stack) rules(rules ...string) {
	s.t.Helper()
	text := "terraform {\n  required_providers {\n    firewall = { source = \"interlock/firewall\" }\n  }\n}\n" +
		fmt.Sprintf("provider \"firewall\" {\n  world = %q\n}\n", s.world)
	for i, r := range rules {
		name, source, _ := strings.Cut(r, " ")
		text += fmt.Sprintf("resource \"firewall_rule\" \"r%d\" {\n  name   = %q\n  source = %q\n  port   = 443\n  action = \"allow\"\n  token  = \"hush\"\n}\n", i, name, source)
	}
	s.write(filepath.Join(s.dir, "main.tf"), text)
}

func (s stack) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.t.Context(), s.tofu, args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+s.cli, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	return cmd
}

// run returns standard output and the exit code.
func (s stack) run(args ...string) (string, int) {
	s.t.Helper()
	var stderr bytes.Buffer
	cmd := s.command(args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if cmd.ProcessState == nil {
		s.t.Fatalf("tofu %v: %v", args, err)
	}
	s.t.Logf("tofu %v: %d\n%s%s", args, cmd.ProcessState.ExitCode(), out, stderr.Bytes())
	return string(out), cmd.ProcessState.ExitCode()
}

func (s stack) apply() {
	s.t.Helper()
	if _, code := s.run("apply", "-auto-approve", "-input=false", "-no-color"); code != 0 {
		s.t.Fatalf("apply: exit %d", code)
	}
}

func (s stack) has(name string) (Rule, bool) {
	r, err := World{s.world}.Read(name)
	return r, err == nil
}

func (s stack) names() (names []string) {
	found, _ := filepath.Glob(filepath.Join(s.world, "*.json"))
	for _, f := range found {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".json"))
	}
	return names
}

// change is a part of a plan as JSON.
type change struct {
	Address string
	Change  struct {
		Actions       []string
		Before, After map[string]any
		AfterUnknown  map[string]any `json:"after_unknown"`
	}
}

func (s stack) plan(args ...string) (drift, changes []change) {
	s.t.Helper()
	if _, code := s.run(append([]string{"plan", "-input=false", "-no-color", "-out=p"}, args...)...); code != 0 {
		s.t.Fatalf("plan: exit %d", code)
	}
	out, _ := s.run("show", "-json", "p")
	var p struct {
		Drift   []change `json:"resource_drift"`
		Changes []change `json:"resource_changes"`
	}
	if err := json.Unmarshal([]byte(out), &p); err != nil {
		s.t.Fatal(err)
	}
	return p.Drift, p.Changes
}

func TestDriftIsSeenAndPutBack(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.rules("api 10.0.0.0/8", "admin 10.1.0.0/16")
	s.apply()
	r, _ := s.has("api")
	r.Source = "0.0.0.0/0"
	if err := (World{s.world}).Write(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	drift, _ := s.plan("-refresh-only")
	if len(drift) != 1 || drift[0].Address != "firewall_rule.r0" || fmt.Sprint(drift[0].Change.Actions) != "[update]" ||
		drift[0].Change.Before["source"] != "10.0.0.0/8" || drift[0].Change.After["source"] != "0.0.0.0/0" {
		t.Fatalf("drift: %+v", drift)
	}
	_, changes := s.plan()
	if fmt.Sprint(changes[0].Change.Actions, changes[1].Change.Actions) != "[update] [no-op]" {
		t.Fatalf("changes: %+v", changes)
	}
	if _, code := s.run("apply", "-input=false", "-no-color", "p"); code != 0 {
		t.Fatal("the stored plan was not applied")
	}
	if r, _ := s.has("api"); r.Source != "10.0.0.0/8" {
		t.Errorf("not put back: %+v", r)
	}
	if err := os.Remove(filepath.Join(s.world, "admin.json")); err != nil {
		t.Fatal(err)
	}
	if drift, _ := s.plan("-refresh-only"); len(drift) != 1 || fmt.Sprint(drift[0].Change.Actions) != "[delete]" {
		t.Errorf("a rule that vanished: %+v", drift)
	}
}

func TestRenameReplacesAndDestroyLeavesNothing(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.rules("old 10.0.0.0/8")
	s.apply()
	s.rules("new 10.0.0.0/8")
	if _, changes := s.plan(); fmt.Sprint(changes[0].Change.Actions) != "[delete create]" {
		t.Fatalf("changes: %+v", changes)
	}
	s.apply()
	if got := fmt.Sprint(s.names()); got != "[new]" {
		t.Errorf("world: %v", got)
	}
	if _, changes := s.plan(); fmt.Sprint(changes[0].Change.Actions) != "[no-op]" {
		t.Errorf("not settled: %+v", changes)
	}
	if out, _ := s.run("show", "-no-color"); strings.Contains(out, "hush") || !strings.Contains(out, "sensitive") {
		t.Error("the token is shown")
	}
	s.rules()
	s.apply()
	if got := s.names(); len(got) != 0 {
		t.Errorf("world: %v", got)
	}
}

func TestPartialApply(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.rules("a 10.0.0.0/8", "b 10.0.0.0/8", "c 10.0.0.0/8")
	s.write(filepath.Join(s.world, failFile), "b")
	if out, code := s.run("apply", "-auto-approve", "-input=false", "-no-color"); code != 1 {
		t.Fatalf("exit %d: %s", code, out)
	}
	if got := fmt.Sprint(s.names()); got != "[a c]" {
		t.Errorf("world: %v", got)
	}
	if err := os.Remove(filepath.Join(s.world, failFile)); err != nil {
		t.Fatal(err)
	}
	s.apply()
	if got := fmt.Sprint(s.names()); got != "[a b c]" {
		t.Errorf("world: %v", got)
	}
}

func TestInterruptedApplySavesItsState(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.rules("a 10.0.0.0/8", "b 10.0.0.0/8", "c 10.0.0.0/8")
	s.write(filepath.Join(s.world, delayFile), "1s")
	cmd := s.command("apply", "-auto-approve", "-input=false", "-no-color", "-parallelism=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); len(s.names()) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the apply made nothing")
		}
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("an interrupted apply ended well")
	}
	if got := len(s.names()); got == 0 || got == 3 {
		t.Errorf("%d rules in the world", got)
	}
	if err := os.Remove(filepath.Join(s.world, delayFile)); err != nil {
		t.Fatal(err)
	}
	s.apply() // would fail on "Rule exists", had the state not been saved
	if got := fmt.Sprint(s.names()); got != "[a b c]" {
		t.Errorf("world: %v", got)
	}
}

func TestBadConfiguration(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.rules("UP 10.0.0.0/8", "ok everyone")
	out, code := s.run("validate", "-json")
	for _, want := range []string{"Bad name", "Bad source"} {
		if code == 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d, no %q: %s", code, want, out)
		}
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	if err := (World{s.world}).Write(t.Context(), Rule{Name: "a", Source: "10.0.0.0/8", Port: 443, Action: "allow", Token: "hush"}); err != nil {
		t.Fatal(err)
	}
	s.rules("a 10.0.0.0/8")
	if _, code := s.run("apply", "-auto-approve", "-input=false", "-no-color"); code == 0 {
		t.Error("a rule that exists was made again")
	}
	if _, code := s.run("import", "-input=false", "-no-color", "firewall_rule.r0", "a"); code != 0 {
		t.Fatal("not imported")
	}
	if _, changes := s.plan(); fmt.Sprint(changes[0].Change.Actions) != "[no-op]" {
		t.Errorf("after import: %+v", changes)
	}
}
