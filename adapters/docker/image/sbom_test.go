package image

import (
	"encoding/json"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"
)

var (
	goodSum  = regexp.MustCompile(`^[0-9a-f]{64}$`)
	goodPURL = regexp.MustCompile(`^pkg:(deb/debian|golang)/[a-zA-Z0-9._~%+!/-]+@[a-zA-Z0-9._~%+-]+(\?arch=[a-z0-9]+)?$`)
)

// shape holds a list of parts to what CycloneDX 1.6 demands of the fields in use.
func shape(t *testing.T, b []byte) map[string]component {
	t.Helper()
	var list bom
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		t.Fatal(err)
	}
	if list.Format != "CycloneDX" || list.Spec != "1.6" || list.Version < 1 || list.Metadata.Component.Name == "" {
		t.Errorf("%+v", list.Metadata)
	}
	seen := map[string]component{list.Metadata.Component.Ref: list.Metadata.Component}
	var walk func(all []component)
	walk = func(all []component) {
		for _, c := range all {
			if _, twice := seen[c.Ref]; twice || c.Ref == "" {
				t.Errorf("bom-ref %q is used twice, or empty", c.Ref)
			}
			seen[c.Ref] = c
			field(t, c)
			walk(c.Components)
		}
	}
	walk(list.Components)
	return seen
}

func field(t *testing.T, c component) {
	t.Helper()
	switch c.Type {
	case "application", "library", "container", "file":
	default:
		t.Errorf("%s: type %q", c.Ref, c.Type)
	}
	if c.Name == "" || c.PURL != "" && !goodPURL.MatchString(c.PURL) {
		t.Errorf("%q: name %q, purl %q", c.Ref, c.Name, c.PURL)
	}
	for _, h := range c.Hashes {
		if h.Alg != "SHA-256" || !goodSum.MatchString(h.Content) {
			t.Errorf("%s: %+v", c.Ref, h)
		}
	}
	for _, l := range c.Licenses {
		if (l.License.ID == "") == (l.License.Name == "") {
			t.Errorf("%s: a licence has an id or a name: %+v", c.Ref, l)
		}
	}
}

func TestBOM(t *testing.T) {
	t.Parallel()
	s, tr := testSpool(t), newTree()
	s.limit = most
	data, err := s.open(testTool(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		statusPath:                    "Package: git\nStatus: install ok installed\nVersion: 1:2+x~1\nArchitecture: amd64\n\nPackage: git\nStatus: install ok installed\nVersion: 1:2+x~1\nArchitecture: amd64\n\nPackage: g++\nStatus: install ok installed\nVersion: 4:1\nArchitecture: amd64\n",
		"usr/share/doc/git/copyright": "Format: x\n\nFiles: *\nLicense: GPL-2+ or Artistic\n",
	} {
		if err := tr.file(name, testText(t, s, text), false); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range []string{"usr/local/bin/tool", "usr/local/bin/kubectl"} {
		if err := tr.file(at, data, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := tr.file("usr/local/bin/c", testText(t, s, "no Go"), true); err != nil {
		t.Fatal(err)
	}
	sum := strings.Repeat("ab", 32)
	parts := []Part{
		{Name: "git", Version: "1:2+x~1", Debian: true, SHA256: sum},
		{Name: "kubectl", Version: "v1.0.0", module: "example.test/kubectl", License: "Apache-2.0", at: "usr/local/bin/kubectl"},
		{Name: "c", License: "of mine", SHA256: sum, at: "usr/local/bin/c"},
		{Name: "a base", Version: "sha256:" + sum, SHA256: sum},
	}
	b, err := tr.bom(parts)
	if err != nil {
		t.Fatal(err)
	}
	seen := shape(t, b)
	for ref, want := range map[string]struct{ name, version, license, sum string }{
		"pkg:deb/debian/git@1%3A2+x~1?arch=amd64": {"git", "1:2+x~1", "GPL-2+ or Artistic", sum},
		"pkg:deb/debian/g++@4%3A1?arch=amd64":     {"g++", "4:1", "", ""},
		"file:/usr/local/bin/tool":                {"command-line-arguments", "", "", data.sha},
		"file:/usr/local/bin/kubectl":             {"example.test/kubectl", "v1.0.0", "Apache-2.0", data.sha},
		"file:/usr/local/bin/c":                   {"c", "", "of mine", sum},
		"base":                                    {"a base", "sha256:" + sum, "", sum},
	} {
		c, ok := seen[ref]
		got := ""
		for _, l := range c.Licenses {
			got += l.License.ID + l.License.Name
		}
		if !ok || c.Name != want.name || c.Version != want.version || got != want.license || len(c.Hashes) > 0 != (want.sum != "") || want.sum != "" && c.Hashes[0].Content != want.sum {
			t.Errorf("%s: %+v", ref, c)
		}
	}
}

// A program tells its modules; a folder of the machine that built it is not told on.
func TestModules(t *testing.T) {
	t.Parallel()
	info := &debug.BuildInfo{
		Path: "example.test/tool/cmd/x", Main: debug.Module{Path: "throwaway", Version: "(devel)"},
		Deps: []*debug.Module{
			{Path: "example.test", Version: "v9.0.0"},
			{Path: "example.test/tool", Version: "v1.0.0", Replace: &debug.Module{Path: "/home/alice/tool"}},
			{Path: "example.test/old", Version: "v1.0.0", Replace: &debug.Module{Path: "example.test/new", Version: "v2.0.0", Sum: "h1:n"}},
		},
	}
	if m := tool(info); m.Path != "example.test/tool" || m.Version != "v1.0.0" {
		t.Errorf("%+v", m)
	}
	var text strings.Builder
	for _, m := range info.Deps {
		c := moduleComponent("file:/x", m)
		field(t, c)
		if err := json.NewEncoder(&text).Encode(c); err != nil {
			t.Fatal(err)
		}
	}
	if s := text.String(); strings.Contains(s, "alice") || !strings.Contains(s, "pkg:golang/example.test/new@v2.0.0") || !strings.Contains(s, "interlock:changed") {
		t.Error(s)
	}
	before := modulesDigest(info)
	info.Deps[2].Replace.Sum = "h1:other"
	if after := modulesDigest(info); after == before || !strings.HasPrefix(after, "sha256:") {
		t.Errorf("%s and %s", before, after)
	}
}
