package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const source = `package p

func f(a, b int, ok bool) (int, bool) {
	if a < b && !ok {
		return 1, true
	}
	switch {
	case a == b:
		a = b + 2
		g()
	}
	switch b {
	case 7:
		g()
	}
	return min(a, 2), "x"+"y" == "z"
}
`

// Each kind of break is found, and is the text that it says.
func TestBreaks(t *testing.T) {
	t.Parallel()
	all, err := breaks("p.go", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range all {
		got = append(got, short(m.was)+" -> "+short(m.with))
		if broken := string(m.apply([]byte(source))); broken == source || len(broken) != len(source)-(m.end-m.start)+len(m.with) {
			t.Errorf("%s changes nothing, or too much", m)
		}
	}
	for _, want := range []string{
		"a < b && !ok -> (a < b && !ok) && false", "a < b && !ok -> a < b || !ok", "a < b -> a <= b", "!ok -> ok", "1 -> 0", "true -> false",
		"a == b -> (a == b) && false", "a == b -> a != b", "a = b + 2 ->", "b + 2 -> b - 2", "g() ->", "min -> max", "case 7: g() ->", `"x"+"y" == "z" -> "x"+"y" != "z"`,
	} {
		if !slices.ContainsFunc(got, func(g string) bool { return strings.TrimSpace(g) == want }) {
			t.Errorf("no %q among %q", want, got)
		}
	}
	if slices.Contains(got, `"x"+"y" -> "x"-"y"`) {
		t.Error("words are no sum")
	}
	if _, err := breaks("p.go", []byte("package")); err == nil {
		t.Error("what does not parse is no error")
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	same := reasons("a.go | f | x | y # because\nb.go | f | x | y\nc.go | f | x | y # \n")
	if len(same) != 1 || !same["a.go | f | x | y"] {
		t.Errorf("%v", same)
	}
	for name := range reasons(equivalent) {
		file := filepath.Join("..", "..", "rbac", strings.TrimSpace(strings.Split(name, "|")[0]))
		all, err := mutants(filepath.Dir(file))
		if err != nil || !slices.ContainsFunc(all, func(m mutant) bool { return m.name() == name }) {
			t.Errorf("no break is called %q any more, %v", name, err)
		}
	}
}

// On a package of its own: what a test holds fast is noticed, and what none does is not.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":    "module p\n\ngo 1.26\n",
		"p.go":      "package p\n\nfunc Held(a, b int) bool { return a < b }\n\nfunc Loose(a, b int) bool { return a < b }\n",
		"p_test.go": "package p\n\nimport \"testing\"\n\nfunc TestHeld(t *testing.T) {\n\tif Held(1, 1) || !Held(1, 2) {\n\t\tt.Fatal()\n\t}\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for bound, want := range map[string]error{"0.5": nil, "0.6": errBelow} {
		var out bytes.Buffer
		if err := run(t.Context(), []string{"-pkg", ".", "-n", "0", "-bound", bound}, &out); !errors.Is(err, want) {
			t.Errorf("bound %s: %v", bound, err)
		}
		if !strings.Contains(out.String(), "1 noticed, 1 missed, 0 do not compile, 0 could not be tried") || !strings.Contains(out.String(), "missed p.go:5: Loose: a < b -> a <= b") {
			t.Errorf("%s", &out)
		}
	}
}
