package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

type result int

const (
	failed result = iota // it could not be tried
	noticed
	missed
	uncompiled
)

// patience is for one run: who hangs in it is noticed.
const patience = time.Minute

// run compiles the package's tests with the break in, and runs them.
func (m mutant) run(ctx context.Context, pkg string) result {
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return failed
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is a temporary folder
	overlay, err := m.overlay(dir)
	if err != nil {
		return failed
	}
	bin := filepath.Join(dir, "tests")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", bin, pkg)
	if out, err := build.CombinedOutput(); err != nil {
		if bytes.Contains(out, []byte(filepath.Base(m.file)+":")) { // the compiler names the file that it refuses
			return uncompiled
		}
		return failed
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	test := exec.CommandContext(ctx, bin, "-test.short", "-test.failfast")
	test.Dir = filepath.Dir(m.file)
	if test.Run() != nil {
		return noticed
	}
	return missed
}

// overlay tells the compiler to read a broken file in place of the right one.
func (m mutant) overlay(dir string) (string, error) {
	path, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	broken := filepath.Join(dir, filepath.Base(m.file)) // the compiler names it so
	if err := os.WriteFile(broken, m.apply(src), 0o600); err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]map[string]string{"Replace": {path: broken}})
	if err != nil {
		return "", err
	}
	list := filepath.Join(dir, "overlay.json")
	return list, os.WriteFile(list, text, 0o600)
}
