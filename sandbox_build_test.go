package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"interlock/adapters/docker/image"
)

// sandboxBuild runs the command with a configuration that names nothing.
func sandboxBuild(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "interlock.yaml")
	if err := os.WriteFile(file, []byte("data_dir: data\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	c := sandboxBuildCommand(&file)
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetOut(&b)
	c.SetArgs(args)
	err := c.ExecuteContext(t.Context())
	var coded *coded
	switch {
	case errors.As(err, &coded):
		code = coded.code
	case err != nil:
		code = exitUse
	}
	return code, fmt.Sprint(b.String(), err)
}

// bareList is a list of what goes in that needs no network: nothing.
func bareList(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "image.yaml")
	if err := os.WriteFile(file, []byte("debian: []\ntools: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestSandboxBuild(t *testing.T) {
	t.Setenv("INTERLOCK_CACHE", t.TempDir())
	dir := t.TempDir()
	src, tool, list := filepath.Join(dir, "main.go"), filepath.Join(dir, "tool"), filepath.Join(dir, "sbom.json")
	if err := os.WriteFile(src, []byte("package main\n\nfunc main() { println(1) }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "go", "build", "-o", tool, src)
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	tag := fmt.Sprintf("interlock-test-image:command-%d", os.Getpid())
	t.Cleanup(func() {
		_ = exec.CommandContext(context.WithoutCancel(t.Context()), "docker", "image", "rm", "-f", tag).Run()
	})
	args := []string{"--tag", tag, "--with", bareList(t), "--tool", "mine=" + tool, "--sbom", list}
	code, out := sandboxBuild(t, append(args, "--json")...)
	var r image.Report
	if err := json.NewDecoder(strings.NewReader(out)).Decode(&r); code != 0 || err != nil || r.Tag != tag || !strings.HasPrefix(r.ID, "sha256:") {
		t.Fatalf("%d, %v: %s", code, err, out)
	}
	if b, err := os.ReadFile(list); err != nil || !bytes.Contains(b, []byte(`"CycloneDX"`)) || !bytes.Contains(b, []byte("usr/local/bin/mine")) {
		t.Errorf("%v: %s", err, b)
	}
	code, out = sandboxBuild(t, args...)
	for _, want := range []string{"in      mine", "version not known", r.ID, r.SBOM} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("%d, no %q in:\n%s", code, want, out)
		}
	}
}

func TestSandboxBuildRefuses(t *testing.T) {
	t.Setenv("INTERLOCK_CACHE", t.TempDir())
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no value":       {[]string{"--tool", "x"}, "NAME=PATH"},
		"no name":        {[]string{"--tool", "=x"}, "NAME=PATH"},
		"a script":       {[]string{"--tool", "x=" + script}, "no program for Linux"},
		"a path":         {[]string{"--tool", "../x=" + script}, "one word"},
		"no list":        {[]string{"--with", script + ".none"}, "no such file"},
		"a bad tag":      {[]string{"--tag", "A"}, "NAME:TAG"},
		"another word":   {[]string{"word"}, "word"},
		"a missing base": {[]string{"--base", "interlock-test-image:none"}, "does not have it"},
	} {
		args := c.args
		if args[0] != "--with" {
			args = append([]string{"--with", bareList(t)}, args...)
		}
		if code, out := sandboxBuild(t, args...); code != exitUse || !strings.Contains(out, c.want) {
			t.Errorf("%s: %d, %s", name, code, out)
		}
	}
}

func TestTellImage(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	r := image.Report{
		Tag: "a:b", ID: "sha256:1", Layer: "sha256:2", SBOM: "sha256:3", Size: 12e6,
		Included: []image.Part{
			{Name: "git", Version: "1:2", Source: "Debian package", SHA256: strings.Repeat("a", 64)},
			{Name: "gojq", Source: "Go module m", Note: "stands in for jq"},
			{Name: "libc6", Needed: true},
			{Name: "zlib1g", Needed: true},
		},
		Missing: []image.Gap{{Name: "trivy", Reason: "it was not built", Do: "name one"}},
	}
	if err := tellImage(&b, r, false); err != nil {
		t.Fatal(err)
	}
	want := "in      git              1:2                      Debian package  sha256 aaaaaaaaaaaa\n" +
		"in      gojq             version not known        Go module m (stands in for jq)  sha256 \n" +
		"        and 2 Debian packages that these need\n" +
		"NOT IN  trivy            it was not built\n                         do: name one\n" +
		"a:b  sha256:1\nlayer sha256:2, 12 MB\nlist of parts sha256:3, in the image at /usr/share/interlock/sbom.cdx.json\n"
	if b.String() != want {
		t.Errorf("%q\n%q", b.String(), want)
	}
}
