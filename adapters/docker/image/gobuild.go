package image

import (
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
)

// gobuild builds tools from Go modules, which works wherever a module proxy is:
// a throw-away module asks for one version of the tool, and the tool's own go.mod
// fixes everything else. Nothing of what is downloaded is run here.
type gobuild struct {
	cache string // folder of what was built
	arch  string
	limit time.Duration // of one build
}

// have gives the program, built now or before.
func (g gobuild) have(ctx context.Context, t Tool) (file string, err error) {
	recipe := fmt.Sprintf("%q", []string{t.Module, t.Package, t.Version, t.Sum, strings.Join(t.Replace, " "), t.Main, t.LDFlags, t.Allow})
	key := sha256.Sum256([]byte(recipe))
	file = filepath.Join(g.cache, fmt.Sprintf("%s-%s-linux-%s-%s", t.Name, t.Version, g.arch, hex.EncodeToString(key[:4])))
	if g.verify(t, file) == nil {
		return file, nil
	}
	ctx, cancel := context.WithTimeout(ctx, g.limit)
	defer cancel()
	if err := g.build(ctx, t, file); err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = fmt.Errorf("it was not built within %s: %w", g.limit, ctx.Err())
		}
		return "", err
	}
	return file, nil
}

func (g gobuild) build(ctx context.Context, t Tool, file string) error {
	if _, err := osexec.LookPath("go"); err != nil {
		return errors.New("go is missing, which would build it")
	}
	if err := os.MkdirAll(g.cache, 0o700); err != nil {
		return fmt.Errorf("make cache: %w", err)
	}
	dir, err := os.MkdirTemp(g.cache, "build-")
	if err != nil {
		return fmt.Errorf("make cache: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := g.ask(ctx, t, dir); err != nil {
		return err
	}
	if err := pinned(filepath.Join(dir, "go.sum"), t); err != nil {
		return err
	}
	out := filepath.Join(dir, "out")
	args := []string{"build", "-p", "1", "-trimpath", "-buildvcs=false", "-ldflags", strings.TrimSpace("-s -w " + t.LDFlags), "-o", out}
	if err := g.tool(ctx, t, dir, append(args, t.main())...); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	if err := g.verify(t, out); err != nil {
		return err
	}
	return os.Rename(out, file)
}

// main is the package to build.
func (t Tool) main() string {
	switch {
	case t.Main != "":
		return "."
	case t.Package != "":
		return t.Package
	}
	return t.Module
}

// ask makes the throw-away module.
func (g gobuild) ask(ctx context.Context, t Tool, dir string) error {
	steps := [][]string{{"mod", "init", "throwaway"}}
	for _, r := range t.Replace {
		steps = append(steps, []string{"mod", "edit", "-replace", r})
	}
	if t.Main == "" {
		steps = append(steps, []string{"get", "-tool", t.main() + "@" + t.Version})
	} else {
		if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(t.Main), 0o600); err != nil {
			return fmt.Errorf("write main function: %w", err)
		}
		steps = append(steps, []string{"get", t.Module + "@" + t.Version}, []string{"get", "."})
	}
	for _, s := range steps {
		if err := g.tool(ctx, t, dir, s...); err != nil {
			return fmt.Errorf("download: %w", err)
		}
	}
	return nil
}

// tool runs go at the lowest priority, for the engine's machine. When the time is
// over, all that it started ends with it.
func (g gobuild) tool(ctx context.Context, t Tool, dir string, args ...string) error {
	argv := append([]string{"go"}, args...)
	if _, err := osexec.LookPath("nice"); err == nil {
		argv = append([]string{"nice", "-n", "19"}, argv...)
	}
	c := osexec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // go, with what the table says
	c.Dir = dir
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+g.arch, "GOWORK=off", "GOFLAGS=", "GOTOOLCHAIN=local", "GOEXPERIMENT="+t.Allow)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = 5 * time.Second
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("go %s: %w: %s", args[0], err, lastLine(string(out)))
	}
	return nil
}

// pinned looks the module's sum up among those that go noted.
func pinned(goSum string, t Tool) error {
	b, err := os.ReadFile(goSum) //nolint:gosec // in our own folder
	if err != nil {
		return fmt.Errorf("read sums: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == t.Module && f[1] == t.Version {
			if f[2] != t.Sum {
				return fmt.Errorf("%s %s is not what is pinned: its sum is %s, the pin is %s", t.Module, t.Version, f[2], t.Sum)
			}
			return nil
		}
	}
	return fmt.Errorf("%s %s was not what go took", t.Module, t.Version)
}

// verify reads what was compiled into a program, and holds it to the pin.
func (g gobuild) verify(t Tool, file string) error {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read what was built: %w", err)
	}
	got := modulesDigest(info)
	if want := t.Modules[g.arch]; want != "" && want != got {
		return fmt.Errorf("its modules are not those that are pinned: their digest is %s, the pin is %s", got, want)
	}
	return nil
}

// modulesDigest is one digest over all modules of a program: path, version, sum.
// The throw-away module has no sum, and no part in it.
func modulesDigest(info *buildinfo.BuildInfo) string {
	all := info.Deps
	if info.Main.Sum != "" {
		all = append([]*debug.Module{&info.Main}, all...)
	}
	var lines []string
	for _, m := range all {
		if m.Replace != nil {
			m = m.Replace
		}
		lines = append(lines, m.Path+" "+m.Version+" "+m.Sum+"\n")
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return "sha256:" + hex.EncodeToString(sum[:])
}
