package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"interlock/adapters/slack"
)

// A token that rotates is found again when an organisation is added whose name comes
// first, and from then on the newer one is.
func TestATokenOutlivesANewOrg(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "interlock.yaml")
	noon := time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)
	for i, orgs := range []string{"default: {}", "acme: {}\n  default: {}"} {
		if err := os.WriteFile(file, []byte("data_dir: data\nsandbox: {shared_kernel: true}\norgs:\n  "+orgs+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		a := (&demoWorld{config: file}).wired(t)
		k := &botToken{a, a.orgs()[0]}
		was, err := k.Load(t.Context())
		if err != nil || !was.Expires.Equal(map[int]time.Time{0: {}, 1: noon}[i]) {
			t.Errorf("before %q there is one until %v, %v", orgs, was.Expires, err)
		}
		now := slack.Token{Access: "a", Refresh: "r", Expires: noon.Add(time.Duration(i) * time.Hour)}
		err = k.Save(t.Context(), now)
		got, lerr := k.Load(t.Context())
		if err := errors.Join(err, lerr, a.close()); err != nil || got != now {
			t.Errorf("with %q there is %v, %v", orgs, got.Expires, err)
		}
	}
}
