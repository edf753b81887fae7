package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestWorldKeepsRules(t *testing.T) {
	t.Parallel()
	w := World{t.TempDir()}
	if _, err := w.Read("api"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("empty world: %v", err)
	}
	for _, source := range []string{"10.0.0.0/8", "0.0.0.0/0"} { // creates, then changes
		want := Rule{Name: "api", Source: source, Port: 443, Action: "allow", Token: "t"}
		if err := w.Write(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		if got, err := w.Read("api"); err != nil || got != want {
			t.Errorf("%+v, %v", got, err)
		}
	}
	for range 2 { // gone twice is gone
		if err := w.Delete(t.Context(), "api"); err != nil {
			t.Error(err)
		}
	}
	if left, _ := os.ReadDir(w.dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestWorldRefusesNames(t *testing.T) {
	t.Parallel()
	w := World{t.TempDir()}
	for _, name := range []string{"", "../up", "a/b", ".delay", "A", "-a"} {
		if err := w.Write(t.Context(), Rule{Name: name}); err == nil {
			t.Errorf("%q was written", name)
		}
	}
}

func TestWorldIsDisturbed(t *testing.T) {
	t.Parallel()
	w := World{t.TempDir()}
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(failFile, "bad\n")
	if err := w.Write(t.Context(), Rule{Name: "good"}); err != nil {
		t.Error(err)
	}
	if err := w.Write(t.Context(), Rule{Name: "bad"}); err == nil {
		t.Error("the rule that must fail was written")
	}
	put(delayFile, "1h")
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := w.Delete(ctx, "good"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a delayed change: %v", err)
	}
	if _, err := w.Read("good"); err != nil {
		t.Errorf("an interrupted change was made: %v", err)
	}
	put(delayFile, "soon")
	if err := w.Delete(t.Context(), "good"); err == nil {
		t.Error("a delay that is none was taken")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"name":"api","source":"10.0.0.0/8","port":443,"action":"allow"}`))
	f.Add([]byte(`{"port":"x"}`))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		w := World{t.TempDir()}
		if err := os.WriteFile(w.file("api"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		if r, err := w.Read("api"); err == nil && modelOf(r).rule() != r {
			t.Errorf("%+v is not kept", r)
		}
	})
}

func TestEmptyIsNull(t *testing.T) {
	t.Parallel()
	m := modelOf(Rule{Name: "api"})
	if !m.Description.IsNull() || !m.Priority.IsNull() || !m.Token.IsNull() || m.ID != types.StringValue("api") {
		t.Errorf("%+v", m)
	}
}
