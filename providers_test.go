package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"interlock/adapters/registry"
	"interlock/adapters/registry/registrytest"
	"interlock/agent"
	"interlock/config"
)

const (
	firewallVersion = "0.2.0" // the image has 0.1.0
	sandboxPlatform = "linux_" + runtime.GOARCH
)

var firewall = registry.Provider{Host: "registry.opentofu.org", Namespace: "interlock", Type: "firewall"}

// mirrored is the demo's world, with a registry that has a newer provider.
type mirrored struct {
	*testing.T
	*demoWorld
	reg     *registrytest.World
	archive []byte
}

func newMirrored(t *testing.T, archive []byte) *mirrored {
	t.Helper()
	w, err := newDemoWorld(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	m := &mirrored{t, w, registrytest.New(t, firewall.Host, "files."+firewall.Host), archive}
	m.reg.Publish(t, firewall, firewallVersion, sandboxPlatform, archive, nil)
	m.configure("orgs: {acme: {stacks: {payments-prod: {providers: [registry.opentofu.org/interlock/firewall]}}}}")
	return m
}

func (m *mirrored) configure(more string) {
	m.Helper()
	old, err := os.ReadFile(m.config)
	if err != nil {
		m.Fatal(err)
	}
	b, err := merged(old, []byte(more))
	if err != nil {
		m.Fatal(err)
	}
	if err := os.WriteFile(m.config, b, 0o600); err != nil {
		m.Fatal(err)
	}
}

// review brings a file of the stack into the reviewed code; empty takes it away.
func (m *mirrored) review(name, text string) {
	m.Helper()
	file := filepath.Join(m.repo, "stacks", demoStack, name)
	err := os.WriteFile(file, []byte(text), 0o600)
	if text == "" {
		err = os.Remove(file)
	}
	if err := errors.Join(err, m.commit("change "+name)); err != nil {
		m.Fatal(err)
	}
}

func (m *mirrored) fetch(ctx context.Context, stacks ...string) (code int, out string) {
	m.Helper()
	cfg, _, err := config.LoadBlind(m.config, nil)
	if err != nil {
		m.Fatal(err)
	}
	var b bytes.Buffer
	err = fetchProviders(ctx, cfg, registry.New(m.reg.Options()), sandboxPlatform, stacks, &b)
	return exit(err), b.String()
}

func TestProvidersFetch(t *testing.T) {
	t.Parallel()
	m := newMirrored(t, registrytest.Zip(t, registrytest.Member{Name: "terraform-provider-firewall_v0.2.0", Body: "program"}))
	zh, h1 := registrytest.Hashes(t, m.archive)
	for _, step := range []struct {
		name   string
		before func()
		stacks []string
		code   int
		want   string
	}{
		{"no lock file", func() {}, nil, exitFound, "refused  payments-prod  there is no stacks/payments-prod/.terraform.lock.hcl at "},
		{"broken lock file", func() { m.review(registry.LockFile, "provider {") }, nil, exitFound, "refused  payments-prod  at "},
		{"wrong hash", func() { m.review(registry.LockFile, registrytest.Lock(firewall, firewallVersion, "zh:00")) }, nil, exitFound, "not what the lock file says"},
		{"other platforms only", func() { m.review(registry.LockFile, registrytest.Lock(firewall, firewallVersion, zh, "h1:x=")) }, nil, exitFound, "no h1 hash for " + sandboxPlatform + ". Run tofu providers lock"},
		{"fetched", func() {
			m.review(registry.LockFile, registrytest.Lock(firewall, firewallVersion, h1))
			_ = os.RemoveAll(filepath.Join(m.dir, "data", "providers"))
		}, []string{demoStack}, 0, "fetched  payments-prod  registry.opentofu.org/interlock/firewall 0.2.0 " + sandboxPlatform + ", signed by " + m.reg.Key.PrimaryKey.KeyIdString() + "\n"},
		{"kept", func() {}, nil, 0, "kept     payments-prod  registry.opentofu.org/interlock/firewall 0.2.0 " + sandboxPlatform + "\n"},
		{"unknown stack", func() {}, []string{demoStack, "nonsense"}, exitUse, ""},
		{"not listed", func() {
			m.configure("orgs: {acme: {stacks: {payments-prod: {providers: [registry.opentofu.org/hashicorp/dns]}}}}")
		}, nil, exitFound, "name it in orgs.acme.stacks.payments-prod.providers"},
		{"nothing listed", func() { m.configure("orgs: {acme: {stacks: {payments-prod: {providers: []}}}}") }, nil, exitFound, "name it in orgs.acme.stacks.payments-prod.providers"},
		{"registry down", func() {
			m.configure("orgs: {acme: {stacks: {payments-prod: {providers: [Registry.OpenTofu.org/interlock/firewall]}}}}\nsandbox: {providers: elsewhere}")
			m.reg.Addresses[firewall.Host] = nil
		}, nil, exitFailed, "failed   payments-prod  registry.opentofu.org/interlock/firewall 0.2.0 " + sandboxPlatform + ": ask registry.opentofu.org: look up"},
		{"no code", func() { _ = os.RemoveAll(filepath.Join(m.repo, ".git", "refs")) }, nil, exitFailed, "failed   payments-prod  "},
	} {
		step.before()
		code, out := m.fetch(t.Context(), step.stacks...)
		if code != step.code || !strings.Contains(out, step.want) || strings.Count(out, "\n") > 1 {
			t.Errorf("%s: exit %d, want %d with %q: %s", step.name, code, step.code, step.want, out)
		}
	}
	if _, err := os.Stat(filepath.Join(m.dir, "elsewhere")); err != nil {
		t.Error(err)
	}
}

// Of two at once the second is told to wait, and asks nobody.
func TestProvidersFetchBusy(t *testing.T) {
	t.Parallel()
	m := newMirrored(t, registrytest.Zip(t))
	held, err := registry.Open(registry.Folder{Path: filepath.Join(m.dir, "data", "providers"), Platform: sandboxPlatform}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if code, out := m.fetch(t.Context()); code != exitFailed || out != "" {
		t.Errorf("exit %d: %s", code, out)
	}
	code, out := interlock(t.Context(), "", "providers", "fetch", "--config", m.config)
	if code != exitFailed || !strings.Contains(out, "another fetch is at work") {
		t.Errorf("exit %d: %s", code, out)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	if code, out := interlock(t.Context(), "", "providers", "fetch", "--platform", "windows", "--config", m.config); code != exitUse || !strings.Contains(out, "no platform") {
		t.Errorf("exit %d: %s", code, out)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if code, _ := m.fetch(ctx); code == 0 {
		t.Error("a fetch that was stopped ends well")
	}
	if asked := m.reg.Asked(); len(asked) > 0 {
		t.Errorf("asked for %q", asked)
	}
}

// Code that needs a newer provider than the image has cannot be planned, until the
// provider is fetched; then it is planned and applied with that one, by a process
// that was already running. What is tampered with is not run, and mended.
func TestProvidersReachTheSandbox(t *testing.T) {
	t.Parallel()
	m := newMirrored(t, firewallArchive(t))
	_, h1 := registrytest.Hashes(t, m.archive)
	code, err := os.ReadFile(filepath.Join(m.repo, "stacks", demoStack, "main.tf"))
	if err != nil {
		t.Fatal(err)
	}
	m.review(registry.LockFile, registrytest.Lock(firewall, firewallVersion, h1))
	m.review("main.tf", strings.Replace(string(code), `"0.1.0"`, `"0.2.0"`, 1))
	a := m.wired(t)
	defer func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	}()
	if err := m.build(t.Context(), a, func(string) {}); err == nil || !strings.Contains(err.Error(), "0.2.0") {
		t.Fatalf("without it: %v", err)
	}
	if code, out := m.fetch(t.Context()); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	plan := func(id string) agent.ToolResult {
		t.Helper()
		tool, _ := a.toolset.Tool("tofu_plan")
		res, err := tool.Run(t.Context(), agent.Env{Org: demoOrg, Session: "s", Box: a.box, Tell: func(string) {}},
			agent.ToolCall{ID: id, Tool: "tofu_plan", Args: []byte(`{"stack":"payments-prod"}`)})
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	first := plan("first")
	if first.Failed || first.Plan == nil || first.Plan.Create != 4 {
		t.Fatalf("with it: %+v", first)
	}
	if _, err := a.direct(t.Context(), agent.Env{Org: demoOrg, Session: "s", Box: a.box, Tell: func(string) {}}, "tofu_apply", map[string]string{"plan": first.Artifact}); err != nil {
		t.Fatal(err)
	}
	if r, err := m.rule("api"); err != nil || r["source"] != "10.0.0.0/8" {
		t.Errorf("the world: %v, %v", r, err)
	}
	at := filepath.Join(m.dir, "data", "providers", firewall.String(), firewallVersion, sandboxPlatform, "LICENSE")
	if err := errors.Join(os.Chmod(at, 0o644), os.WriteFile(at, []byte("evil"), 0o600)); err != nil { //nolint:gosec // the sandbox reads it
		t.Fatal(err)
	}
	if res := plan("tampered"); !res.Failed || !strings.Contains(res.Text, "checksums") {
		t.Errorf("a provider that was tampered with: %+v", res)
	}
	if code, out := m.fetch(t.Context()); code != 0 || !strings.HasPrefix(out, "mended ") {
		t.Errorf("exit %d: %s", code, out)
	}
	if res := plan("mended"); res.Failed {
		t.Errorf("mended: %s", res.Text)
	}
}

// firewallArchive packs the demo's provider as its author would publish it.
func firewallArchive(t *testing.T) []byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "scripts/setup.sh", "provider").Output()
	if err != nil {
		t.Fatalf("this test needs the demo's provider: run scripts/setup.sh provider (%v)", err)
	}
	program, err := os.ReadFile(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	return registrytest.Zip(t,
		registrytest.Member{Name: "terraform-provider-firewall_v0.2.0", Body: string(program), Mode: 0o755}, registrytest.Member{Name: "LICENSE", Body: "free"})
}
