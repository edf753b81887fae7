package prompts

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"
)

func TestPoliciesRefused(t *testing.T) {
	t.Parallel()
	const names = "known are org.md, environments/NAME.md and stacks/NAME.md"
	for _, c := range []struct {
		path string
		file *fstest.MapFile
		want string
	}{
		{"prod.md", large(1), names},
		{"org.txt", large(1), names},
		{"Org.md", large(1), names},
		{"environment/prod.md", large(1), names},
		{"environments/Prod.md", large(1), names},
		{"environments/eu/prod.md", large(1), names},
		{"stacks/.md.bak", nil, ""},
		{"stacks/a.md~", large(1), names},
		{"org.md", large(8<<10 + 1), "has 8193 bytes, at most 8192"},
		{"stacks/a.md", &fstest.MapFile{Data: []byte("a\x00b")}, "no plain text in UTF-8"},
		{"stacks/a.md", &fstest.MapFile{Data: []byte("caf\xe9")}, "no plain text in UTF-8"},
		{"stacks/a.md", &fstest.MapFile{Mode: fs.ModeNamedPipe}, "no regular file"},
	} {
		fsys := fstest.MapFS{c.path: c.file}
		if c.file == nil {
			fsys[c.path] = large(1)
		}
		all, err := readPolicies(fsys, "rules")
		if c.want == "" {
			if err != nil || len(all) > 0 {
				t.Errorf("%s: %v, %v", c.path, all, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), filepath.Join("rules", c.path)) {
			t.Errorf("%s: %v, want %q", c.path, err, c.want)
		}
	}
}

// All that is wrong is told at once, and nothing is loaded.
func TestLoadTellsAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"org.md": "a\x00", "notes.md": "x", "README.md": "x", ".git": "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Load(map[string]string{"acme": dir, "globex": filepath.Join(dir, "none"), "bare": ""})
	if s != nil || err == nil {
		t.Fatalf("loaded %v", err)
	}
	for _, want := range []string{filepath.Join(dir, "org.md") + ": is no plain text", filepath.Join(dir, "notes.md") + ": is of no known name", "read policies of " + filepath.Join(dir, "none")} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if n := strings.Count(err.Error(), "\n"); n != 2 {
		t.Errorf("%d lines: %v", n+1, err)
	}
}

// A folder that is mounted from a cluster holds links.
func TestLoadFollowsLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "..data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "..data", "org.md"), []byte("be careful"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join("..data", "org.md"), filepath.Join(dir, "org.md")); err != nil {
		t.Fatal(err)
	}
	s, err := Load(map[string]string{"acme": dir})
	if err != nil || len(s.Versions("acme")) != 1 || s.policies["acme"][orgPath].text != "be careful" {
		t.Fatalf("%v", err)
	}
}

// The version is of the file, the text is plain.
func TestParsePolicy(t *testing.T) {
	t.Parallel()
	p, err := parsePolicy([]byte("\ufeff\r\n- a\r\n- b\r\n\r\n"))
	if err != nil || p.text != "- a\n- b" {
		t.Errorf("%+v %v", p, err)
	}
	q, err := parsePolicy([]byte("- a\n- b"))
	if err != nil || q.text != p.text || q.version == p.version || q.version != "4e11985d" {
		t.Errorf("%+v %v", q, err)
	}
}

// Whatever a file holds: it is refused, or told as plain text.
func FuzzParsePolicy(f *testing.F) {
	for _, s := range []string{"", "- a\r\n", "\ufeff# A", "a\x00", "\xff", "\u202e"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parsePolicy(b)
		if err != nil {
			return
		}
		if !utf8.ValidString(p.text) || strings.Contains(p.text, "\x00") || len(p.version) != 8 || len(p.text) > len(b) {
			t.Fatalf("%q became %+v", b, p)
		}
	})
}
