package docker

import "testing"

// Every probe is refused, and every control shows that it could fire.
func TestProbes(t *testing.T) {
	t.Setenv("INTERLOCK_PROBE_CANARY", "planted")
	s := open(t, Options{Memory: 256 << 20, CPUs: 0.25})
	all, err := s.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if open := r.ID == 5 || r.ID == 30; open != (len(r.Holes) > 0) { // as docs/rough-edges.md says
			t.Errorf("%d %s: gets %v", r.ID, r.Name, r.Holes)
		}
		if !r.Control {
			t.Errorf("%d %s: the control does not fire", r.ID, r.Name)
		}
	}
}
