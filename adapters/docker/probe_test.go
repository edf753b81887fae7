package docker

import (
	"os"
	"path/filepath"
	"testing"
)

// Every probe is refused, and every control shows that it could fire: on the
// engine's own runtime, and on the one that the environment names.
func TestProbes(t *testing.T) {
	t.Setenv("INTERLOCK_PROBE_CANARY", "planted")
	runtimes := []string{""}
	if more := os.Getenv("INTERLOCK_TEST_RUNTIME"); more != "" {
		runtimes = append(runtimes, more)
	}
	for _, runtime := range runtimes {
		t.Run("runtime "+runtime, func(t *testing.T) {
			s := open(t, Options{Runtime: runtime, Memory: 256 << 20, CPUs: 0.25, Disk: 64 << 20, Egress: filepath.Join(t.TempDir(), "egress.sock")})
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
		})
	}
}
