package docker

import (
	"path/filepath"
	"testing"
)

// Every probe is refused, and every control shows that it could fire.
func TestProbes(t *testing.T) {
	t.Setenv("INTERLOCK_PROBE_CANARY", "planted")
	s := open(t, Options{Memory: 256 << 20, CPUs: 0.25, Disk: 64 << 20, Egress: filepath.Join(t.TempDir(), "egress.sock")})
	all, err := s.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		known := s.Quota() != nil && (r.ID == 5 || r.ID == 30) // docs/rough-edges.md: on a host that can give no disks
		if known != (len(r.Holes) > 0) {
			t.Errorf("%d %s: gets %v", r.ID, r.Name, r.Holes)
		}
		if !r.Control {
			t.Errorf("%d %s: the control does not fire", r.ID, r.Name)
		}
	}
}
