package docker

import (
	"fmt"
	"strconv"
	"strings"
)

// escape is a fault of a component by which a container could be left, and the
// first version of each line of releases that has it no more.
type escape struct {
	id, component, what string
	fixed               [][3]int // rising; an older line counts as not mended
}

// escapes are from the advisories of runc and moby.
var escapes = []escape{
	{"CVE-2024-21626", "runc", "a leaked descriptor gives the host's files", [][3]int{{1, 1, 12}}},
	{"CVE-2025-31133", "runc", "a masked path can be made writable", [][3]int{{1, 2, 8}, {1, 3, 3}, {1, 4, 0}}},
	{"CVE-2025-52565", "runc", "/dev/console can be redirected while it is mounted", [][3]int{{1, 2, 8}, {1, 3, 3}, {1, 4, 0}}},
	{"CVE-2025-52881", "runc", "writes to /proc can be redirected", [][3]int{{1, 2, 8}, {1, 3, 3}, {1, 4, 0}}},
	{"CVE-2024-41110", "engine", "an authorization plugin can be passed by", [][3]int{{23, 0, 15}, {26, 1, 5}, {27, 1, 1}}},
	{"CVE-2026-34040", "engine", "an authorization plugin can be passed by", [][3]int{{29, 3, 1}}},
	{"CVE-2026-42306", "engine", "copying files races with mounts; sandboxes here never copy by the engine", [][3]int{{29, 0, 0}}},
}

// Escapes are the known faults that an engine of these versions has, a line each.
// A version that cannot be read has them all: nobody knows.
func (e Engine) Escapes() (all []string) {
	for _, x := range escapes {
		v := e.Runc
		if x.component == "engine" {
			v = e.Version
		}
		if !x.mendedIn(v) {
			all = append(all, fmt.Sprintf("%s %s: %s (%s)", x.component, v, x.what, x.id))
		}
	}
	return all
}

// mendedIn compares with the newest line of releases that is not newer than v.
func (x escape) mendedIn(v string) bool {
	have, ok := parseVersion(v)
	if !ok {
		return false
	}
	for i := len(x.fixed) - 1; i >= 0; i-- {
		f := x.fixed[i]
		switch {
		case have[0] == f[0] && have[1] == f[1]:
			return have[2] >= f[2]
		case newer(have, f):
			return i == len(x.fixed)-1 // between two lines, nobody mended it
		}
	}
	return false
}

func newer(a, b [3]int) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] > b[i]
		}
	}
	return false
}

// parseVersion reads the first three numbers of a version such as
// "1.1.5+ds1-1+deb12u1" or "v29.4.2". A release candidate counts as older.
func parseVersion(s string) (v [3]int, ok bool) {
	s, rest, _ := strings.Cut(strings.TrimPrefix(s, "v"), "-")
	s, _, _ = strings.Cut(s, "+")
	parts := strings.Split(s, ".")
	if len(parts) < 2 || len(parts) > 3 {
		return v, false
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 {
			return v, false
		}
		v[i] = n
	}
	if strings.HasPrefix(rest, "rc") {
		v[2]--
	}
	return v, true
}
