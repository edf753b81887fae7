package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/adapters/docker"
	"interlock/agent/frames"
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

// A way that is refused proves something only where its control fires.
func TestProbesProve(t *testing.T) {
	t.Parallel()
	held, mute := docker.ProbeResult{Control: true}, docker.ProbeResult{}
	through := docker.ProbeResult{Control: true, Holes: []frames.Try{{Step: "mount", Got: "ok"}}}
	for name, c := range map[string]struct {
		all  []docker.ProbeResult
		code int
	}{
		"all held":          {[]docker.ProbeResult{held, held}, 0},
		"one gets through":  {[]docker.ProbeResult{held, through}, exitFound},
		"a mute control":    {[]docker.ProbeResult{held, mute}, exitFailed},
		"through, and mute": {[]docker.ProbeResult{mute, through}, exitFound},
		"no probe at all":   {nil, exitFailed},
	} {
		if got := exit(proved(c.all)); got != c.code {
			t.Errorf("%s: exit %d, not %d", name, got, c.code)
		}
	}
}
