package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Rule is one firewall rule as the world has it.
type Rule struct {
	Name        string `json:"name"`
	Source      string `json:"source"`
	Port        int64  `json:"port"`
	Action      string `json:"action"`
	Description string `json:"description,omitempty"`
	Priority    int64  `json:"priority,omitempty"`
	Token       string `json:"token,omitempty"`
}

// The two files by which a test disturbs the world.
const (
	delayFile = ".delay" // a duration that every change takes, such as 5s
	failFile  = ".fail"  // the name of the rule whose changes fail
)

var ruleName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// World is the directory that stands for the cloud.
type World struct{ dir string }

// Read returns a rule, or fs.ErrNotExist.
func (w World) Read(name string) (Rule, error) {
	var r Rule
	b, err := os.ReadFile(w.file(name))
	if err != nil {
		return r, fmt.Errorf("read rule: %w", err)
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return r, fmt.Errorf("read rule %s: %w", name, err)
	}
	return r, nil
}

// Write creates or changes a rule: wholly or not at all.
func (w World) Write(ctx context.Context, r Rule) error {
	if !ruleName.MatchString(r.Name) {
		return fmt.Errorf("rule name %q: use a-z, 0-9 and -", r.Name)
	}
	if err := w.disturb(ctx, r.Name); err != nil {
		return err
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write rule: %w", err)
	}
	f, err := os.CreateTemp(w.dir, ".new-*")
	if err != nil {
		return fmt.Errorf("write rule: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return fmt.Errorf("write rule: %w", err)
	}
	return os.Rename(f.Name(), w.file(r.Name))
}

// Delete removes a rule. One that is gone already is deleted.
func (w World) Delete(ctx context.Context, name string) error {
	if err := w.disturb(ctx, name); err != nil {
		return err
	}
	if err := os.Remove(w.file(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete rule: %w", err)
	}
	return nil
}

func (w World) file(name string) string { return filepath.Join(w.dir, name+".json") }

// disturb waits and fails as the world's two files say.
func (w World) disturb(ctx context.Context, name string) error {
	if b, err := os.ReadFile(filepath.Join(w.dir, delayFile)); err == nil {
		d, err := time.ParseDuration(strings.TrimSpace(string(b)))
		if err != nil {
			return fmt.Errorf("read delay: %w", err)
		}
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	b, err := os.ReadFile(filepath.Join(w.dir, failFile))
	if err == nil && strings.TrimSpace(string(b)) == name {
		return fmt.Errorf("the firewall refused to change the rule %s", name)
	}
	return nil
}
