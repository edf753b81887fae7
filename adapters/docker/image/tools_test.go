package image

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// What the setup script made is taken if it says that it is the wanted version, and
// else the tool is built.
func TestToolIsCached(t *testing.T) {
	proxy(t)
	g := gobuild{cache: t.TempDir(), arch: runtime.GOARCH, limit: time.Minute}
	file, err := g.have(t.Context(), fakeTool())
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		body           []byte
		version, wants string
	}{
		"made before":    {program, "v1.2.3", "built by the setup script"},
		"no program":     {[]byte("x"), "v1.2.3", "built here"},
		"nothing":        {nil, "v1.2.3", "built here"},
		"of another one": {program, "v9.9.9", ""},
	} {
		s := testSpool(t)
		s.limit = most
		b := &build{o: Options{Cache: t.TempDir(), Limit: time.Minute, Log: slog.New(slog.DiscardHandler)}, arch: runtime.GOARCH, tree: newTree(), spool: s}
		if c.body != nil {
			if err := os.WriteFile(filepath.Join(b.o.Cache, "tool-x-"+runtime.GOARCH), c.body, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		k := fakeTool()
		k.Cached, k.Version = "tool-*-ARCH", c.version
		if err := b.tool(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, p := range b.parts {
			got += p.Source
		}
		if c.wants == "" && (got != "" || len(b.gaps) != 1) || !strings.HasSuffix(got, c.wants) {
			t.Errorf("%s: %q, %+v", name, got, b.gaps)
		}
	}
}

func TestStandIn(t *testing.T) {
	t.Parallel()
	for _, has := range []bool{true, false} {
		s, tr := testSpool(t), newTree()
		s.limit = most
		if has {
			if err := tr.file("usr/bin/jq", testText(t, s, "jq"), true); err != nil {
				t.Fatal(err)
			}
		}
		b := &build{arch: runtime.GOARCH, tree: tr, spool: s, o: Options{Spec: Spec{Tools: []Tool{{Name: "gojq", For: "jq", Path: testTool(t)}}}}}
		b.gap("jq", errors.New("there is none"), "do without")
		if err := b.tools(t.Context()); err != nil {
			t.Fatal(err)
		}
		n := tr.nodes["usr/local/bin/jq"]
		if !has && len(b.gaps) > 0 {
			t.Errorf("%+v is still told", b.gaps)
		}
		if has && (n != nil || len(b.parts) > 0) || !has && (n == nil || n.link != "gojq" || b.parts[0].Note != "stands in for jq") {
			t.Errorf("with jq %v: %v, %+v", has, tr.sorted(), b.parts)
		}
	}
}

func TestApplets(t *testing.T) {
	t.Parallel()
	got := strings.Join(applets("[\n[[\nash\nbusybox\n../x\n-x\nA B\nrun-parts\n"), " ")
	if got != "[ [[ ash run-parts" {
		t.Errorf("%q", got)
	}
}
