package docker

import (
	"strings"
	"testing"
)

func TestEscapes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		runc, engine string
		has, hasNot  []string
	}{
		{"1.1.5+ds1-1+deb12u1", "20.10.24+dfsg1", []string{"CVE-2024-21626", "CVE-2025-31133", "CVE-2024-41110", "CVE-2026-34040"}, nil},
		{"1.1.12", "29.3.1", []string{"CVE-2025-52565"}, []string{"CVE-2024-21626", "CVE-2026-34040", "CVE-2024-41110"}},
		{"1.2.7", "23.0.15", []string{"CVE-2025-52881", "CVE-2026-34040"}, []string{"CVE-2024-21626", "CVE-2024-41110"}},
		{"1.2.8", "26.1.4", []string{"CVE-2024-41110"}, []string{"CVE-2025-52881"}},
		{"1.3.2", "25.0.6", []string{"CVE-2025-31133", "CVE-2024-41110"}, nil},
		{"1.4.0-rc.3", "28.5.2", []string{"CVE-2025-31133", "CVE-2026-34040"}, []string{"CVE-2024-41110"}},
		{"v1.4.1", "29.4.2", nil, []string{"CVE"}},
		{"2.0.0", "30.0.0", nil, []string{"CVE"}},
		{"unknown", "", []string{"CVE-2024-21626", "CVE-2026-42306"}, nil},
		{"1.x.2", "1.2.3.4", []string{"CVE-2024-21626", "CVE-2024-41110"}, nil},
	} {
		got := strings.Join(Engine{Runc: c.runc, Version: c.engine}.Escapes(), "\n")
		for _, id := range c.has {
			if !strings.Contains(got, id) {
				t.Errorf("runc %s, engine %s: no %s in\n%s", c.runc, c.engine, id, got)
			}
		}
		for _, id := range c.hasNot {
			if strings.Contains(got, id) {
				t.Errorf("runc %s, engine %s: %s in\n%s", c.runc, c.engine, id, got)
			}
		}
	}
}
