package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"interlock/adapters/docker"
)

const toolSource = `package main

import "os"

func main() {
	if len(os.Args) > 1 && os.Args[1] == "fail" {
		println("it went wrong")
		os.Exit(3)
	}
	println("tool 1.0", os.Getuid())
}
`

// compiled is a small static program, built once.
var compiled = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "tool")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "main.go")
	if err := os.WriteFile(file, []byte(toolSource), 0o600); err != nil {
		return "", err
	}
	out := filepath.Join(dir, "tool")
	c := osexec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", out, file)
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	c.Stderr = os.Stderr
	return out, c.Run()
})

func testTool(tb testing.TB) string {
	tb.Helper()
	file, err := compiled()
	if err != nil {
		tb.Fatal(err)
	}
	return file
}

// testEngine is the engine of this machine; images of a test go with it.
func testEngine(tb testing.TB) engine {
	tb.Helper()
	cli, err := client.New(client.FromEnv)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = cli.Close() })
	if _, err := cli.Ping(tb.Context(), client.PingOptions{}); err != nil {
		tb.Fatalf("%v; these tests need an engine: scripts/setup.sh engine", err)
	}
	return engine{cli}
}

var notInTag = regexp.MustCompile(`[^a-z0-9]+`)

// options are of an image with one tool, which goes with the test.
func options(tb testing.TB, e engine) Options {
	tb.Helper()
	o := Options{
		Host: e.cli.DaemonHost(), Version: "v0", Cache: tb.TempDir(), Limit: time.Minute,
		Tag:  fmt.Sprintf("interlock-test-image:%s-%d", strings.Trim(notInTag.ReplaceAllString(strings.ToLower(tb.Name()), "-"), "-"), os.Getpid()),
		Spec: Spec{Tools: []Tool{{Name: "tool", Path: testTool(tb), License: "MIT", Check: []string{"version"}}}},
	}
	tb.Cleanup(func() {
		_, _ = e.cli.ImageRemove(context.WithoutCancel(tb.Context()), o.Tag, client.ImageRemoveOptions{Force: true})
	})
	return o
}

func TestBuild(t *testing.T) {
	t.Parallel()
	e := testEngine(t)
	o := options(t, e)
	extra := filepath.Join(t.TempDir(), "extra")
	if err := os.WriteFile(extra, []byte("plugin"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Spec.Files = []File{{From: extra, To: "/opt/plugins/extra"}}
	r, err := Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	img, err := e.cli.ImageInspect(t.Context(), o.Tag)
	if err != nil {
		t.Fatal(err)
	}
	if img.ID != r.ID || !slices.Equal(img.RootFS.Layers, []string{r.Layer}) || img.Config.User != "65532:65532" || img.Config.WorkingDir != "/work" || !slices.Contains(img.Config.Env, "CHECKPOINT_DISABLE=1") {
		t.Errorf("%+v, %+v", r, img.Config)
	}
	labels := img.Config.Labels
	if labels[SBOMLabel] != r.SBOM || labels[VersionLabel] != "v0" {
		t.Errorf("%v", labels)
	}
	if m := docker.Missing(labels, "tool", "kubectl"); !slices.Equal(m, []string{"kubectl"}) {
		t.Errorf("%v is missing", m)
	}
	i := slices.IndexFunc(r.Included, func(p Part) bool { return p.Name == "tool" })
	if i < 0 || r.Included[i].Says != "tool 1.0 65532" || r.Included[i].SHA256 != sumOf(testTool(t)) || !r.Works() {
		t.Errorf("%+v", r)
	}
	if said, err := e.version(t.Context(), o.Tag, "tool"); err != nil || said != "tool 1.0 65532" {
		t.Errorf("%q, %v", said, err)
	}
	tr, s := newTree(), testSpool(t)
	s.limit = most
	if _, err := e.export(t.Context(), o.Tag, tr, s); err != nil {
		t.Fatal(err)
	}
	if b, err := tr.find(SBOMPath).data.atMost(1 << 20); err != nil || !bytes.Equal(b, r.List) {
		t.Errorf("the image has another list of parts: %v", err)
	}
	if n := tr.find("opt/plugins/extra"); n == nil || n.exec {
		t.Errorf("%+v", n)
	}
	if left, _ := filepath.Glob(filepath.Join(o.Cache, "*")); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// The same parts are the same image, whenever and under whatever name.
func TestBuildIsReproducible(t *testing.T) {
	t.Parallel()
	e := testEngine(t)
	o := options(t, e)
	first, err := Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), filepath.Base(testTool(t)))
	b, err := os.ReadFile(testTool(t))
	if err == nil {
		err = os.WriteFile(copied, b, 0o700) //nolint:gosec // a program
	}
	if err != nil {
		t.Fatal(err)
	}
	o.Spec.Tools[0].Path = copied
	o.Cache = t.TempDir()
	second, err := Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if first.ID != second.ID || first.Layer != second.Layer || first.SBOM != second.SBOM {
		t.Errorf("%s and %s", first.ID, second.ID)
	}
	o.Spec.Tools[0].Name = "other"
	third, err := Build(t.Context(), o)
	if err != nil || third.Layer == first.Layer {
		t.Errorf("another image has the same layer, %v", err)
	}
}

// What is there and does not run is told.
func TestBuildTries(t *testing.T) {
	t.Parallel()
	e := testEngine(t)
	o := options(t, e)
	o.Spec.Tools[0].Check = []string{"fail"}
	o.Spec.Debian = []string{"Not-A-Package"}
	r, err := Build(t.Context(), o)
	if err != nil || r.Works() {
		t.Fatalf("%+v, %v", r, err)
	}
	gap := func(name string) Gap {
		for _, g := range r.Missing {
			if g.Name == name {
				return g
			}
		}
		return Gap{}
	}
	if g := gap("tool"); !g.Inside || !strings.Contains(g.Reason, "code 3: it went wrong") || g.Do == "" {
		t.Errorf("%+v", g)
	}
	if g := gap("Not-A-Package"); g.Inside || g.Reason == "" || g.Do == "" {
		t.Errorf("%+v", g)
	}
}

// An image of ours as the base of another keeps what it had.
func TestBuildOnBase(t *testing.T) {
	t.Parallel()
	e := testEngine(t)
	o := options(t, e)
	first, err := Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	o.Base = first.ID
	o.Spec.Debian = []string{"git"}
	o.Spec.Tools = []Tool{{Name: "second", Path: testTool(t), Check: []string{"version"}}, {Name: "needless", For: "tool", Module: "example.test/x", Version: "v1.0.0", Sum: "h1:x"}}
	r, err := Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	img, err := e.cli.ImageInspect(t.Context(), o.Tag)
	if err != nil {
		t.Fatal(err)
	}
	if m := docker.Missing(img.Config.Labels, "tool", "second"); len(m) > 0 || !r.Works() {
		t.Errorf("%v is missing, %+v", m, r)
	}
	if len(r.Missing) != 1 || r.Missing[0].Name != "git" {
		t.Errorf("%+v", r.Missing)
	}
	o.Base = "interlock-test-image:none"
	if _, err := Build(t.Context(), o); !refused(err) {
		t.Errorf("%v", err)
	}
}

func refused(err error) bool {
	var r *RefusedError
	return errors.As(err, &r)
}
