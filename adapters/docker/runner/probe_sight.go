//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Canary is planted by who runs the probes: in the environment of the host's
// process, and in weakened containers.
const canary = "INTERLOCK_PROBE_CANARY"

var sightProbes = []probe{
	{25, func(t *tries) {
		t.try("read /proc/kcore", readSome("/proc/kcore"))
		t.try("read /proc/keys", readSome("/proc/keys"))
		t.saw("addresses of the kernel", kernelAddresses()...)
		t.try("read the kernel's log", call(unix.SYS_SYSLOG, 10))
	}},
	{26, func(t *tries) { t.saw("sockets of an engine", sockets()...) }},
	{27, func(t *tries) { t.saw("descriptors of the host", strange()...) }},
	{30, func(t *tries) {
		t.saw("processes of others", foreign()...)
		t.saw("paths of the host", hostPaths()...)
	}},
	{31, func(t *tries) { t.saw("what only the host knows", canaries()...) }},
}

// readSome reads a byte; a file that is empty is masked.
func readSome(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	_, err = f.Read(make([]byte, 1))
	return err
}

func kernelAddresses() (found []string) {
	b, _ := os.ReadFile("/proc/kallsyms")
	for line := range strings.Lines(string(b[:min(len(b), 64<<10)])) {
		if addr, _, _ := strings.Cut(line, " "); strings.Trim(addr, "0") != "" {
			return []string{"ok"}
		}
	}
	return nil
}

// strange are open files that are neither a pipe, nor a socket, nor of this
// container's own.
func strange() (found []string) {
	if os.Getenv(canary) != "" { // a container that is held by nothing: as if one had leaked
		if f, err := os.Open("/"); err == nil {
			defer func() { _ = f.Close() }()
		}
	}
	for _, pid := range []string{"self", "1"} {
		links, _ := filepath.Glob("/proc/" + pid + "/fd/*")
		for _, l := range links {
			to, err := os.Readlink(l)
			if err != nil {
				continue
			}
			var st unix.Stat_t
			if unix.Stat(l, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR && !strings.HasPrefix(to, "/proc/") {
				found = append(found, to)
			}
		}
	}
	return found
}

// foreign are processes that are not of this container: it has few, and low ones.
func foreign() (found []string) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			if b, err := os.ReadFile("/proc/" + e.Name() + "/comm"); err == nil && n > 0 {
				switch name := strings.TrimSpace(string(b)); name {
				case "runner", "exe", "probe", "docker-init", "tini", "sh":
				default:
					found = append(found, name)
				}
			}
		}
	}
	return found
}

// hostPaths are the roots of mounts that name a folder of the host.
func hostPaths() (found []string) {
	b, _ := os.ReadFile("/proc/self/mountinfo")
	for line := range strings.Lines(string(b)) {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		root, at := strings.TrimSuffix(fields[3], "//deleted"), fields[4]
		switch {
		case root == "/", strings.HasPrefix(at, "/proc"), strings.HasPrefix(at, "/sys"), strings.HasPrefix(at, "/dev"):
		case at == "/etc/hosts" || at == "/etc/hostname" || at == "/etc/resolv.conf" || at == "/sbin/docker-init": // the engine's own
		case strings.Count(root, "/") > 1:
			found = append(found, at)
		}
	}
	return found
}

func canaries() (found []string) {
	links, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, l := range append(links, "/proc/self/environ") {
		if b, err := os.ReadFile(l); err == nil && strings.Contains(string(b), canary) {
			found = append(found, "ok")
		}
	}
	return found
}
