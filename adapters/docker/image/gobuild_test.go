package image

import (
	"archive/zip"
	"bytes"
	"debug/buildinfo"
	"os"
	osexec "os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// proxy is a module proxy that is a folder. It has a tool, and a library of which
// a tool can be made.
func proxy(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	for _, m := range []struct{ path, version, file, text string }{
		{"example.test/tool", "v1.2.3", "cmd/tool/main.go", "package main\n\nvar v = \"dev\"\n\nfunc main() { println(\"tool\", v) }\n"},
		{"example.test/lib", "v0.1.0", "lib.go", "package lib\n\nfunc Run() { println(\"lib\") }\n"},
	} {
		mod := "module " + m.path + "\n\ngo 1.20\n"
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for name, text := range map[string]string{"go.mod": mod, m.file: m.text} {
			w, err := z.Create(m.path + "@" + m.version + "/" + name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		at := filepath.Join(dir, m.path, "@v")
		if err := os.MkdirAll(at, 0o700); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{
			"list": m.version + "\n", m.version + ".info": `{"Version":"` + m.version + `"}`, m.version + ".mod": mod, m.version + ".zip": b.String(),
		} {
			if err := os.WriteFile(filepath.Join(at, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	cache := filepath.Join(t.TempDir(), "mod")
	t.Cleanup(func() { // modules are read-only
		_ = filepath.WalkDir(cache, func(p string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				_ = os.Chmod(p, 0o700) //nolint:gosec // to be removed
			}
			return nil
		})
	})
	t.Setenv("GOPROXY", "file://"+dir)
	t.Setenv("GOSUMDB", "off")
	t.Setenv("GOMODCACHE", cache)
}

func fakeTool() Tool {
	return Tool{
		Name: "tool", Module: "example.test/tool", Package: "example.test/tool/cmd/tool", Version: "v1.2.3",
		Sum: "h1:w3pHD8+IEvQ1BdjIBe8lOmJU3Ws9+Kq65ouxorRBJ1A=", LDFlags: "-X main.v=9",
	}
}

func TestGoBuild(t *testing.T) {
	proxy(t)
	cache := t.TempDir()
	g := gobuild{cache: cache, arch: runtime.GOARCH, limit: time.Minute}
	file, err := g.have(t.Context(), fakeTool())
	if err != nil {
		t.Fatal(err)
	}
	if out, err := osexec.CommandContext(t.Context(), file).CombinedOutput(); runtime.GOOS == "linux" && string(out) != "tool 9\n" { //nolint:gosec // what was just built
		t.Errorf("%q, %v", out, err)
	}
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if m := tool(info); m.Path != "example.test/tool" || m.Version != "v1.2.3" {
		t.Errorf("%+v", m)
	}
	before, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOPROXY", "off") // what was built is not built again
	right := fakeTool()
	if again, err := g.have(t.Context(), right); err != nil || again != file {
		t.Errorf("%q, %v", again, err)
	}
	if after, err := os.Stat(file); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Error("it was built again")
	}
	right.Modules = map[string]string{g.arch: modulesDigest(info)}
	if err := g.verify(right, file); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(cache, "build-*")); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

func TestGoBuildLibrary(t *testing.T) {
	proxy(t)
	k := Tool{
		Name: "lib", Module: "example.test/lib", Version: "v0.1.0", Sum: "h1:9inZ2jzsk+XCOFQVyV6tRGvl3jVQNOsBhxkMeNR9Jx4=",
		Main: "package main\n\nimport \"example.test/lib\"\n\nfunc main() { lib.Run() }\n",
	}
	g := gobuild{cache: t.TempDir(), arch: runtime.GOARCH, limit: time.Minute}
	file, err := g.have(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := osexec.CommandContext(t.Context(), file).CombinedOutput(); runtime.GOOS == "linux" && string(out) != "lib\n" { //nolint:gosec // what was just built
		t.Errorf("%q, %v", out, err)
	}
}

// What is not the pin, or cannot be had, is never in the cache.
func TestGoBuildRefuses(t *testing.T) {
	proxy(t)
	for name, c := range map[string]struct {
		change func(*Tool, *gobuild)
		want   string
	}{
		"another sum":     {func(k *Tool, _ *gobuild) { k.Sum = "h1:x" }, "is not what is pinned"},
		"other modules":   {func(k *Tool, g *gobuild) { k.Modules = map[string]string{g.arch: "sha256:x"} }, "are not those that are pinned"},
		"another version": {func(k *Tool, _ *gobuild) { k.Version = "v1.2.4" }, "download"},
		"no main":         {func(k *Tool, _ *gobuild) { k.Package = "example.test/tool/none" }, "download"},
		"no time":         {func(_ *Tool, g *gobuild) { g.limit = time.Nanosecond }, "was not built within 1ns"},
	} {
		k, g := fakeTool(), gobuild{cache: t.TempDir(), arch: runtime.GOARCH, limit: time.Minute}
		c.change(&k, &g)
		file, err := g.have(t.Context(), k)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v", name, file, err)
		}
		if left, _ := filepath.Glob(filepath.Join(g.cache, "*")); len(left) > 0 {
			t.Errorf("%s: %v is left", name, left)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := (gobuild{cache: t.TempDir(), arch: runtime.GOARCH, limit: time.Minute}).have(t.Context(), fakeTool()); err == nil || !strings.Contains(err.Error(), "go is missing") {
		t.Errorf("without go: %v", err)
	}
}
