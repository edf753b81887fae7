package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/adapters/docker"
)

// What the command tells is what the probes found: every way is refused, and every
// control fires.
func TestSandboxProbeCommand(t *testing.T) {
	t.Setenv("INTERLOCK_PROBE_CANARY", "planted")
	dir := t.TempDir()
	file := filepath.Join(dir, "interlock.yaml")
	if err := os.WriteFile(file, []byte("data_dir: data\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var all []docker.ProbeResult
	box, err := docker.New(docker.Options{DataDir: t.TempDir(), Instance: t.Name()})
	if err != nil {
		t.Fatal(err)
	}
	bounded := box.Quota() == nil && box.Close() == nil
	code, out := interlock(t.Context(), "", "sandbox", "probe", "--json", "--config", file)
	if (code == 0) != bounded {
		t.Errorf("exit %d, bounded %v", code, bounded)
	}
	if err := json.Unmarshal([]byte(out), &all); err != nil || len(all) != 62 {
		t.Fatalf("%d probes, %v: %s", len(all), err, out)
	}
	var said strings.Builder
	for _, r := range all {
		tell(&said, r)
		known := !bounded && (r.ID == 5 || r.ID == 30) // docs/rough-edges.md: on a host that can give no disks
		if known != (len(r.Holes) > 0) || !r.Control {
			t.Errorf("%+v", r)
		}
	}
	if bounded == strings.Contains(said.String(), "THROUGH") || strings.Count(said.String(), "control fires") != len(all) {
		t.Errorf("%s", &said)
	}
}
