//go:build linux

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// hostParts are what the probes that are judged from outside run inside. Their exit
// code is an error number.
var hostParts = map[string]func() error{
	"flood": func() error {
		block := make([]byte, 1<<20)
		for range 1 << 10 {
			if _, err := os.Stdout.Write(block); err != nil {
				return err
			}
		}
		return nil
	},
	"detach": func() error {
		_, err := syscall.ForkExec(self, []string{"runner", "part", "sleep"}, &syscall.ProcAttr{Env: []string{}, Sys: &syscall.SysProcAttr{Setsid: true}})
		return err
	},
	"alone": func() error { // but for the first process
		all, err := filepath.Glob("/proc/[0-9]*")
		if len(all) > 2 {
			return unix.EBUSY
		}
		return err
	},
	"link": func() error {
		return errors.Join(os.Symlink("/etc/passwd", "/work/link"), os.WriteFile("/work/plain", []byte("plain"), 0o600))
	},
	"ask":   askWay,
	"bomb":  bomb,
	"spin":  spin,
	"spoil": spoil,
	"devices": func() error { // what an image's own devices lead to
		for _, name := range []string{"/dev/null", "/dev/console", "/proc/kcore"} {
			if to, err := os.Readlink(name); err == nil && strings.HasPrefix(to, "/proc/") {
				return unix.ELOOP
			}
		}
		for _, name := range []string{"/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger"} {
			if f, err := os.OpenFile(name, os.O_WRONLY, 0); err == nil {
				_ = f.Close()
				return unix.EEXIST
			}
		}
		return nil
	},
	"mark": func() error { return os.WriteFile("/work/mark", nil, 0o600) },
	"seen": func() error {
		_, err := os.Stat("/work/mark")
		return errors.Unwrap(err)
	},
}
