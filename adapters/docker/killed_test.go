package docker

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"interlock/adapters/docker/dockertest"
)

var kills = flag.Int("kills", 6, "how often a worker is killed")

const victimEnv = "INTERLOCK_TEST_VICTIM"

// TestVictim is no test: it is a worker that is killed at any moment.
func TestVictim(t *testing.T) {
	dir := os.Getenv(victimEnv)
	if dir == "" {
		return
	}
	s, err := New(Options{DataDir: dir, Instance: dir, Image: testImage(), Runner: os.Getenv(victimEnv + "_RUNNER"), Spares: 1})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			for n := range 1000 {
				c := fresh(fmt.Sprint(os.Getpid(), i, n), "sleep", "0.1")
				if i > 0 {
					c = inSession(sh("echo x >f; setsid sleep 100 & sleep 0.05")...)
					c.Session = fmt.Sprint(os.Getpid(), i, n/3)
				}
				if _, err := s.Exec(t.Context(), c); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// Whatever moment a worker is killed at, a sweep by another one leaves nothing:
// no container, no folder, no mount, no loop device, no socket.
func TestKilledWorkersLeaveNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, Options{DataDir: dir, Instance: dir})
	s.young = 0
	t.Cleanup(func() { // what a worker mounted for all that follow it stays, with the runner in it
		if err := unmount(filepath.Join(dir, insideSub)); err != nil {
			t.Error(err)
		}
	})
	for range *kills {
		victim := osexec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestVictim$")
		victim.Env = append(os.Environ(), victimEnv+"="+dir, victimEnv+"_RUNNER="+dockertest.Runner(t))
		if err := victim.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.IntN(2000)) * time.Millisecond) //nolint:gosec // a moment, no secret
		if err := victim.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = victim.Wait()
	}
	for range 3 { // what the engine was asked for by a dead worker may come after the first
		if _, err := s.Sweep(t.Context(), drop); err != nil {
			t.Log(err)
		}
	}
	if n := len(containers(t.Context(), t, s)); n != 0 {
		t.Errorf("%d containers", n)
	}
	for _, sub := range []string{callsDir, workspacesDir, sparesDir} {
		if left, err := os.ReadDir(filepath.Join(dir, sub)); err != nil || len(left) != 0 {
			t.Errorf("%s: %v, %v", sub, left, err)
		}
	}
	inside, err := filepath.Glob(filepath.Join(dir, insideSub, "interlock-*"))
	if err != nil || len(inside) != 0 {
		t.Errorf("sockets: %v, %v", inside, err)
	}
	for _, file := range []string{"/proc/self/mounts", "/proc/partitions"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			if strings.Contains(line, filepath.Join(dir, workspacesDir)) || strings.Contains(line, filepath.Join(dir, callsDir)) || strings.Contains(line, filepath.Join(dir, sparesDir)) {
				t.Errorf("%s: %s", file, line)
			}
		}
	}
	var left []string // a container that is being made elsewhere may hold a device for a moment
	for range 100 {
		if left = loopsOf(t, dir); len(left) == 0 {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	if len(left) > 0 {
		t.Errorf("devices of %v", left)
	}
}

// loopsOf are the files below a folder that are block devices.
func loopsOf(t *testing.T, dir string) (files []string) {
	t.Helper()
	loops, err := filepath.Glob("/sys/block/loop*/loop/backing_file")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range loops {
		if b, err := os.ReadFile(l); err == nil && strings.Contains(string(b), dir+"/") {
			files = append(files, strings.TrimSpace(string(b)))
		}
	}
	return files
}
