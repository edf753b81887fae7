package registry_test

import (
	"reflect"
	"strings"
	"testing"

	"interlock/adapters/registry"
	"interlock/adapters/registry/registrytest"
)

func TestParseLock(t *testing.T) {
	t.Parallel()
	text := registrytest.Lock(dns, version, "h1:a=", "zh:b") + `
provider "Registry.Example/acme/other" {
  version = "2.0.0-beta.1+x"
}
`
	want := []registry.Locked{
		{Provider: dns, Version: version, Hashes: []string{"h1:a=", "zh:b"}},
		{Provider: registry.Provider{Host: "registry.example", Namespace: "acme", Type: "other"}, Version: "2.0.0-beta.1+x"},
	}
	if got, err := registry.ParseLock([]byte(text)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := registry.ParseLock(nil); err != nil || len(got) != 0 {
		t.Errorf("an empty one: %+v, %v", got, err)
	}
}

func TestParseLockRefuses(t *testing.T) {
	t.Parallel()
	block := func(source, version, more string) string {
		return "provider \"" + source + "\" {\n version = \"" + version + "\"\n" + more + "\n}\n"
	}
	for name, c := range map[string]struct{ text, want string }{
		"no HCL":         {"provider {", ".terraform.lock.hcl:1: "},
		"other block":    {"module \"a\" {}", "unsupported block"},
		"other key":      {block("a.example/b/c", "1.0.0", "run = \"x\""), "unsupported argument"},
		"no version":     {"provider \"a.example/b/c\" {}", "missing"},
		"bad version":    {block("a.example/b/c", "../1.0.0", ""), "no version"},
		"a range":        {block("a.example/b/c", ">= 1.0.0", ""), "no version"},
		"expression":     {block("a.example/b/c", "1.0.0", "hashes = [for x in y : x]"), ".terraform.lock.hcl:3: "},
		"variable":       {block("a.example/b/c", "${v}", ""), "variables not allowed"},
		"short":          {block("hashicorp/dns", "1.0.0", ""), "no source address"},
		"leads up":       {block("a.example/../c", "1.0.0", ""), "no source address"},
		"port":           {block("a.example:1/b/c", "1.0.0", ""), "no source address"},
		"address":        {block("a.example/b/c?x", "1.0.0", ""), "no source address"},
		"this machine":   {block("localhost/b/c", "1.0.0", ""), "no source address"},
		"user":           {block("u@a.example/b/c", "1.0.0", ""), "no source address"},
		"long":           {block("a.example/b/"+strings.Repeat("c", 200), "1.0.0", ""), "no source address"},
		"twice":          {block("a.example/b/c", "1.0.0", "") + block("A.example/b/c", "2.0.0", ""), "twice"},
		"hashes of text": {block("a.example/b/c", "1.0.0", "hashes = \"h1:x\""), ".terraform.lock.hcl:3: "},
		"deep":           {"x = " + strings.Repeat("[", 1<<19), "nested too deeply"},
		"signs":          {"x = " + strings.Repeat("!", 1<<19), "nested too deeply"},
		"large":          {strings.Repeat("#", 1<<20+1), "larger than"},
	} {
		if got, err := registry.ParseLock([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// Whatever a lock file says, what is taken from it stays within its folder.
func FuzzParseLock(f *testing.F) {
	f.Add(registrytest.Lock(dns, version, "h1:a="))
	f.Add("provider \"a.example/b/c\" {\n version = \"1.0.0\"\n hashes = [for x in y : x]\n}")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := registry.ParseLock([]byte(text))
		if err != nil {
			return
		}
		for _, l := range all {
			for part := range strings.SplitSeq(l.Provider.String()+"/"+l.Version, "/") {
				if part == "" || part == "." || part == ".." || strings.ContainsAny(part, "\\?#%@: \x00\n") {
					t.Errorf("%q of %q", part, text)
				}
			}
			if again, err := registry.ParseProvider(l.Provider.String()); err != nil || again != l.Provider {
				t.Errorf("%v is not read again: %v", l.Provider, err)
			}
		}
	})
}
