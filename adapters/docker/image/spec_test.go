package image

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestDefault(t *testing.T) {
	t.Parallel()
	s, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, k := range s.Tools {
		names = append(names, k.Name)
		if k.Module == "" || k.License == "" || len(k.Check) == 0 || k.Path != "" {
			t.Errorf("%+v", k)
		}
		if !strings.HasPrefix(k.Modules["amd64"], "sha256:") {
			t.Errorf("%s: its modules are not pinned", k.Name)
		}
		if spdx(k.License).ID == "" {
			t.Errorf("%s: %q is no identifier that the list of parts knows", k.Name, k.License)
		}
	}
	for _, want := range []string{"tofu", "tflint", "kubectl", "helm", "trivy"} {
		if !slices.Contains(names, want) {
			t.Errorf("the table has no %s", want)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "image.yaml")
	load := func(text string) (Spec, error) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return Load(file)
	}
	s, err := load("debian: []\ntools:\n  - name: helm\n  - {name: mine, path: bin/mine}\nfiles:\n  - {from: x, to: /etc/x}\n  - {from: /y, to: /etc/y}\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Debian) != 0 || len(s.Tools) != 2 || s.Tools[0].Module != "helm.sh/helm/v4" || s.Tools[1].Path != filepath.Join(dir, "bin/mine") {
		t.Errorf("%+v", s)
	}
	if s.Files[0].From != filepath.Join(dir, "x") || s.Files[1].From != "/y" {
		t.Errorf("%+v", s.Files)
	}
	def, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	if s, err = load(""); err != nil || len(s.Tools) != len(def.Tools) || !slices.Equal(s.Debian, def.Debian) {
		t.Errorf("an empty file is %+v, %v", s, err)
	}
	for name, text := range map[string]string{
		"an unknown key":        "toolz: []",
		"an unknown tool":       "tools: [{name: nonsense}]",
		"a path for a name":     "tools: [{name: ../x, path: y}]",
		"an option for a name":  "tools: [{name: -x, path: y}]",
		"no name":               "tools: [{path: y}]",
		"a module without pin":  "tools: [{name: x, module: example.test/x, version: v1.0.0}]",
		"a path as a stand-in":  "tools: [{name: x, path: y, for: ../sh}]",
		"a file without a goal": "files: [{from: x}]",
		"a file to somewhere":   "files: [{from: x, to: etc/x}]",
	} {
		if s, err := load(text); err == nil {
			t.Errorf("%s is taken: %+v", name, s)
		}
	}
	if _, err := Load(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestWith(t *testing.T) {
	t.Parallel()
	s := Spec{Tools: []Tool{{Name: "helm", Module: "m", Version: "v1", License: "MIT", Check: []string{"version"}}}}
	got := s.With(map[string]string{"helm": "/h", "b": "/b", "a": "/a"})
	if len(got.Tools) != 3 || got.Tools[0].Path != "/h" || got.Tools[0].Module != "" || got.Tools[0].Version != "" || got.Tools[0].Check == nil || got.Tools[1].Name != "a" {
		t.Errorf("%+v", got.Tools)
	}
	if s.Tools[0].Module == "" {
		t.Error("the original was changed")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(table)
	f.Add([]byte("tools: [{name: a, path: b, for: c}]\nfiles: [{from: a, to: /b}]\n"))
	f.Add([]byte("debian: [a]\ntools: [{name: ../a}]"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := decode(in)
		if err != nil {
			return
		}
		for _, k := range s.Tools {
			if filepath.Base(k.Name) != k.Name || k.Name == "" || k.Name[0] == '-' || k.Module != "" && k.Sum == "" {
				t.Errorf("%+v", k)
			}
		}
	})
}
