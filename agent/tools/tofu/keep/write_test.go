package keep

import (
	"fmt"
	"strings"
	"testing"

	"interlock/agent/tools/tofu"
)

// drifted is a plan in which one resource t.a drifted, and would be put back.
func drifted(t testing.TB, before, after, rest string) []tofu.Strayed {
	t.Helper()
	doc := fmt.Sprintf(`{"format_version": "1.2", "planned_values": {},
		"resource_drift": [{"address": "t.a", "mode": "managed", "type": "t", "name": "a", "change": {"actions": ["update"], "before": %s, "after": %s %s}}],
		"resource_changes": [{"address": "t.a", "mode": "managed", "type": "t", "name": "a", "change": {"actions": ["update"], "before": %[2]s, "after": %[1]s}}]}`,
		before, after, rest)
	all, err := tofu.Strays([]byte(doc), nil)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// What stands in the code as it is gets its real value, and nothing else moves by a
// byte. What does not is left, with where to change it.
func TestWrite(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ code, before, after, rest, want, left string }{
		"text, number, bool": {
			code:   "# why\nresource \"t\" \"a\" {\n  s    = \"x\" # on the line\n  n=1\n\n  b  = true\n}\n",
			before: `{"s": "x", "n": 1, "b": true}`, after: `{"s": "y\"${z}", "n": 12345678901234567890, "b": false}`,
			want: "# why\nresource \"t\" \"a\" {\n  s    = \"y\\\"$${z}\" # on the line\n  n=12345678901234567890\n\n  b  = false\n}\n",
		},
		"list and map": {
			code:   "resource \"t\" \"a\" {\n  l = [1,\n    2] # two\n  m = { a = \"x\", \"k.l\" = null }\n}\n",
			before: `{"l": [1, 2], "m": {"a": "x", "k.l": null}}`, after: `{"l": [1, 3], "m": {"a": "y", "k.l": "z"}}`,
			want: "resource \"t\" \"a\" {\n  l = [1, 3] # two\n  m = {\n    a     = \"y\"\n    \"k.l\" = \"z\"\n  }\n}\n",
		},
		"unset in the world": {
			code:   "resource \"t\" \"a\" {\n  s = <<EOT\nmany\nlines\nEOT\n  k = 1\n}\n",
			before: `{"s": "many\nlines\n", "k": 1}`, after: `{"s": null, "k": 1}`,
			want: "resource \"t\" \"a\" {\n  s = null\n  k = 1\n}\n",
		},
		"set in the world alone": {
			code:   "resource \"t\" \"a\" {\n\tk = 1\n}\n",
			before: `{"k": 1, "s": null, "tags": null}`, after: `{"k": 1, "s": "new", "tags": {"who": "me"}}`,
			want: "resource \"t\" \"a\" {\n\tk = 1\n  s = \"new\"\n  tags = {\n    who = \"me\"\n  }\n}\n",
		},
		"nested blocks": {
			code:   "resource \"t\" \"a\" {\n  net {\n    deep {\n      port = 1\n    }\n    name = \"x\"\n  }\n}\n",
			before: `{"net": [{"name": "x", "deep": {"port": 1}}]}`, after: `{"net": [{"name": "y", "deep": {"port": 2}}]}`,
			want: "resource \"t\" \"a\" {\n  net {\n    deep {\n      port = 2\n    }\n    name = \"y\"\n  }\n}\n",
		},
		"a variable": {
			code:   "resource \"t\" \"a\" {\n  s = var.cidr\n  k = 1\n}\n",
			before: `{"s": "x", "k": 1}`, after: `{"s": "y", "k": 2}`,
			want: "resource \"t\" \"a\" {\n  s = var.cidr\n  k = 2\n}\n", left: "t.a s: the code takes it from var.cidr, at dir/main.tf:2; change it there",
		},
		"part of a map": {
			code:   "resource \"t\" \"a\" {\n  m = { a = \"x\", b = local.b }\n}\n",
			before: `{"m": {"a": "x"}}`, after: `{"m": {"a": "y"}}`, left: "takes it from local.b",
		},
		"a function":    {code: "resource \"t\" \"a\" {\n  s = upper(\"x\")\n}\n", before: `{"s": "X"}`, after: `{"s": "Y"}`, left: "takes it from the function upper"},
		"a condition":   {code: "resource \"t\" \"a\" {\n  s = true ? \"x\" : \"y\"\n}\n", before: `{"s": "x"}`, after: `{"s": "z"}`, left: "takes it from an expression"},
		"sensitive":     {code: "resource \"t\" \"a\" {\n  s = \"hunter22\"\n}\n", before: `{"s": "hunter22"}`, after: `{"s": "hunter33"}`, rest: `, "after_sensitive": {"s": true}`, left: "t.a s: its value is sensitive, and is never written"},
		"a copy of it":  {code: "resource \"t\" \"a\" {\n  s = \"x\"\n}\n", before: `{"s": "x", "p": "hunter33"}`, after: `{"s": "token=hunter33", "p": "hunter33"}`, rest: `, "after_sensitive": {"p": true}`, left: "t.a s: its value is sensitive"},
		"sensitive, in": {code: "resource \"t\" \"a\" {\n  net {\n    pw = \"x\"\n  }\n}\n", before: `{"net": [{"pw": "x"}]}`, after: `{"net": [{"pw": "hunter33"}]}`, rest: `, "after_sensitive": {"net": [{"pw": true}]}`, left: "t.a net.pw: its value is sensitive"},
		"count":         {code: "resource \"t\" \"a\" {\n  count = 1\n  s = \"x\"\n}\n", before: `{"s": "x"}`, after: `{"s": "y"}`, left: "at dir/main.tf:1 stands for several resources"},
		"twice":         {code: "resource \"t\" \"a\" {\n}\nresource \"t\" \"a\" {\n}\n", before: `{"s": "x"}`, after: `{"s": "y"}`, left: "it has 2 blocks, at dir/main.tf:1 and dir/main.tf:3"},
		"no block":      {code: "resource \"t\" \"b\" {\n}\n", before: `{"s": "x"}`, after: `{"s": "y"}`, left: "no block in the .tf files"},
		"many blocks":   {code: "resource \"t\" \"a\" {\n  net {\n    p = 1\n  }\n  net {\n    p = 2\n  }\n}\n", before: `{"net": [{"p": 1}, {"p": 2}]}`, after: `{"net": [{"p": 1}, {"p": 3}]}`, left: "has 2 blocks of it at dir/main.tf:2"},
		"two of which one": {
			code: "resource \"t\" \"a\" {\n  net {\n    p = 1\n  }\n  net {\n    p = 2\n  }\n}\n", before: `{"net": [{"p": 1}]}`, after: `{"net": [{"p": 3}]}`, left: "has 2 blocks of it",
		},
		"one became two": {
			code: "resource \"t\" \"a\" {\n  net {\n    p = 1\n  }\n}\n", before: `{"net": [{"p": 1}]}`, after: `{"net": [{"p": 1}, {"p": 2}]}`, left: "has 1 blocks of it at dir/main.tf:2",
		},
		"dynamic":     {code: "resource \"t\" \"a\" {\n  dynamic \"net\" {\n    for_each = [1]\n    content {}\n  }\n}\n", before: `{"net": [{"p": 1}]}`, after: `{"net": [{"p": 2}]}`, left: "makes its blocks with dynamic"},
		"a new block": {code: "resource \"t\" \"a\" {\n}\n", before: `{"net": []}`, after: `{"net": [{"p": 2}]}`, left: "it may be a block; add it at dir/main.tf:1"},
		"one line":    {code: "resource \"t\" \"a\" { k = 1 }\n", before: `{"k": 1}`, after: `{"k": 1, "s": "x"}`, left: "all on one line, at dir/main.tf:1"},
		"odd end":     {code: "resource \"t\" \"a\" {\n  k = 1\n  /* x */ }\n", before: `{"k": 1}`, after: `{"k": 1, "s": "x"}`, left: "has no line of its own"},
	} {
		if c.want == "" {
			c.want = c.code
		}
		w := write(map[string][]byte{"dir/main.tf": []byte(c.code), "other/main.tf": []byte(c.code)}, "dir", drifted(t, c.before, c.after, c.rest))
		got := c.code
		if b := w.edited["dir/main.tf"]; b != nil {
			got = string(b)
		}
		left := strings.Join(w.left, "\n")
		if got != c.want || left == "" != (c.left == "") || !strings.Contains(left, c.left) || strings.Contains(fmt.Sprint(w), "hunter33") || len(w.edited) > 1 {
			t.Errorf("%s:\n%s\nleft %q, wanted %q", name, got, left, c.left)
		}
	}
}

// A value that no plan would change is the provider's own, not the code's.
func TestWriteLeavesComputed(t *testing.T) {
	t.Parallel()
	const doc = `{"format_version": "1.2", "planned_values": {}, "resource_drift": [%s {"address": "t.a", "mode": "managed", "type": "t", "name": "a",
		"change": {"actions": ["update"], "before": {"etag": "1"}, "after": {"etag": "2"}}}], "resource_changes": []}`
	code := map[string][]byte{"main.tf": []byte("resource \"t\" \"a\" {\n}\nresource \"t\" \"b\" {\n}\noutput \"b\" { value = t.b.id }\n")}
	for rest, want := range map[string]string{
		"": "t.a etag: the code does not set it, and a plan leaves it as it is",
		`{"address": "t.b", "type": "t", "name": "b", "change": {"actions": ["delete"], "before": {"s": 1}, "after": null}},`:                                            "t.b: it is gone from the world, but main.tf:5 refers to it; to keep that, delete both, the block is at main.tf:3",
		`{"address": "module.m.t.b", "module_address": "module.m", "type": "t", "name": "b", "change": {"actions": ["update"], "before": {"s": 1}, "after": {"s": 2}}},`: "module.m.t.b: its code is in module.m",
		`{"address": "t.b[0]", "index": 0, "type": "t", "name": "b", "change": {"actions": ["update"], "before": {"s": 1}, "after": {"s": 2}}},`:                         "t.b[0]: its block at main.tf:3 stands for several",
		`{"address": "t.b", "deposed": "1f2e", "type": "t", "name": "b", "change": {"actions": ["update"], "before": {"s": 1}, "after": {"s": 2}}},`:                     "t.b (deposed 1f2e): it is left over",
	} {
		strays, err := tofu.Strays(fmt.Appendf(nil, doc, rest), nil)
		if err != nil {
			t.Fatal(err)
		}
		if w := write(code, ".", strays); len(w.edited) > 0 || !strings.Contains(strings.Join(w.left, "\n"), want) {
			t.Errorf("%+v, want %s", w, want)
		}
	}
	strays, err := tofu.Strays(fmt.Appendf(nil, doc, ""), []string{"t.a etag"})
	if err != nil || len(strays) > 0 {
		t.Errorf("what is ignored strayed: %+v, %v", strays, err)
	}
}

// What is gone goes from the code too, unless something there is about it.
func TestWriteGone(t *testing.T) {
	t.Parallel()
	const block = "resource \"t\" \"b\" {\n  s = 1\n}\n"
	gone := []tofu.Strayed{{Address: "t.b", Type: "t", Name: "b", Gone: true}}
	for name, c := range map[string]struct{ code, want, left string }{
		"alone":         {block, "", ""},
		"between":       {"# a\nlocals {}\n\n# about b\n" + block + "\nlocals {}\n", "# a\nlocals {}\n\n# about b\n\nlocals {}\n", ""},
		"spaced":        {"locals {}\n\n" + block + "\nlocals {}\n", "locals {}\n\nlocals {}\n", ""},
		"last":          {"locals {}\n\n" + block, "locals {}\n", ""},
		"no newline":    {"locals {}\n" + strings.TrimSpace(block), "locals {}\n", ""},
		"itself":        {"resource \"t\" \"b\" {\n  s = t.b.x\n}\n", "", ""},
		"an output":     {block + "output \"o\" {\n  value = \"x${t.b.id}\"\n}\n", "", "main.tf:5 refers to it"},
		"moved":         {block + "moved {\n  from = t.a\n  to   = t.b\n}\n", "", "main.tf:6 refers to it"},
		"another b":     {block + "output \"o\" {\n  value = u.b.id\n}\n", "output \"o\" {\n  value = u.b.id\n}\n", ""},
		"a shared line": {"/* x */ " + block, "", "shares a line with something else"},
		"indexed":       {"resource \"t\" \"b\" {\n  count = 2\n}\n", "", "stands for several"},
	} {
		w := write(map[string][]byte{"main.tf": []byte(c.code)}, ".", gone)
		if got, ok := w.edited["main.tf"]; string(got) != c.want || ok != (c.left == "") || !strings.Contains(strings.Join(w.left, "\n"), c.left) {
			t.Errorf("%s: %q, left %q", name, got, w.left)
		}
	}
	if w := write(map[string][]byte{"main.tf": []byte(block), "o.tf.json": []byte("{}")}, ".", gone); len(w.edited) > 0 || len(w.left) != 1 {
		t.Errorf("beside JSON: %+v", w)
	}
}

func TestPatch(t *testing.T) {
	t.Parallel()
	p, err := patch("dir/main.tf", []byte("a\nb\nc\nd\ne\nf\n"), []byte("a\nb\nc\nD\ne\nf\n"))
	if err != nil || !strings.Contains(p, "--- a/dir/main.tf\n+++ b/dir/main.tf\n@@ -1,6 +1,6 @@\n a\n b\n c\n-d\n+D\n e\n f\n") {
		t.Errorf("%v\n%s", err, p)
	}
	r := report{work: work{edited: map[string][]byte{"m.tf": []byte(strings.Repeat("new line of code\n", 1000))}}, before: map[string][]byte{"m.tf": nil}}
	lines, whole := r.diff()
	if s := strings.Join(lines, "\n"); whole || len(s) > diffBytes+100 || !strings.Contains(s, "more lines of this file") {
		t.Errorf("%d bytes: %s", len(s), s)
	}
}

// Whatever a document and code hold, nothing breaks, and what was edited can be read.
func FuzzWrite(f *testing.F) {
	f.Add("resource \"t\" \"a\" {\n  s = \"x\"\n}\n", `{"s": "x"}`, `{"s": ["y", {"a": null}]}`)
	f.Add("resource \"t\" \"a\" {\n  net {\n  }\n}\n", `{"net": [{}]}`, `{"net": [{"p": 1.5}]}`)
	f.Fuzz(func(t *testing.T, code, before, after string) {
		doc := fmt.Sprintf(`{"format_version": "1.2", "planned_values": {}, "resource_drift": [{"address": "t.a", "type": "t", "name": "a",
			"change": {"actions": ["update"], "before": %s, "after": %s}}], "resource_changes": []}`, before, after)
		files := map[string][]byte{"main.tf": []byte(code)}
		strays, err := tofu.Strays([]byte(doc), nil)
		if err != nil || tofu.Check(files, ".", nil) != nil {
			return
		}
		w := write(files, ".", strays)
		if b := w.edited["main.tf"]; b != nil && len(w.written) == 0 {
			t.Errorf("%q became %q and nothing is told", code, b)
		}
	})
}
