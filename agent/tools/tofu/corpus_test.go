package tofu

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/agent"
)

const corpus = "../../../testdata/tfplan"

type golden struct {
	File                                                      string
	Create, Update, Delete, Replace, Read, Noop, Moved, Drift int
	Imported                                                  int
	Outputs                                                   int `json:"outputs_changed"`
	Errored                                                   bool
}

func lines[T any](t testing.TB, name string) (all []T) {
	t.Helper()
	b := read(t, name)
	for sc := bufio.NewScanner(bytes.NewReader(b)); sc.Scan(); {
		var v T
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(corpus, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func goldens(t testing.TB) []golden {
	t.Helper()
	all := lines[golden](t, "golden_summary.jsonl")
	if len(all) < 30 {
		t.Fatalf("only %d goldens", len(all))
	}
	return all
}

func TestSummarizeCountsTheCorpus(t *testing.T) {
	t.Parallel()
	for _, g := range goldens(t) {
		p, err := Summarize(read(t, g.File))
		if err != nil {
			t.Errorf("%s: %v", g.File, err)
			continue
		}
		got := golden{g.File, p.Create, p.Update, p.Delete, p.Replace, p.Read, p.Noop, p.Moved, p.Drift, p.Imported, p.Outputs, p.Errored}
		if got != g {
			t.Errorf("%s:\n got %+v\nwant %+v", g.File, got, g)
		}
	}
}

// Every file that has no golden counts is no plan, and says so.
func TestSummarizeRefusesTheRest(t *testing.T) {
	t.Parallel()
	plans := map[string]bool{}
	for _, g := range goldens(t) {
		plans[g.File] = true
	}
	n := 0
	for _, dir := range []string{"hashicorp", "opentofu", "infracost"} {
		files, err := filepath.Glob(filepath.Join(corpus, dir, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			name := dir + "/" + filepath.Base(f)
			if plans[name] {
				continue
			}
			n++
			if p, err := Summarize(read(t, name)); err == nil {
				t.Errorf("%s passed for a plan: %+v", name, p)
			}
			if _, _, err := Drift("o", "s", read(t, name)); err == nil {
				t.Errorf("%s passed for a scan", name)
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d files were refused", n)
	}
}

func TestNothingSensitiveIsShown(t *testing.T) {
	t.Parallel()
	for _, s := range lines[struct{ File, Value string }](t, "sensitive_values.jsonl") {
		b := read(t, s.File)
		p, err := Summarize(b)
		if errors.Is(err, ErrNotPlan) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		found, pending, err := Drift("o", "s", b)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := Explain(&out, bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
		for _, v := range values(p, pending, found) {
			if strings.Contains(v, s.Value) {
				t.Errorf("%s shows %q in %q", s.File, s.Value, v)
			}
		}
		for _, text := range []string{Text(p), out.String()} {
			if strings.Contains(text, `"`+s.Value+`"`) || strings.Contains(text, "> "+s.Value+"\n") || len(s.Value) > 3 && strings.Contains(text, s.Value) {
				t.Errorf("%s shows %q in:\n%s", s.File, s.Value, text)
			}
		}
	}
}

// values are what a summary shows of values; addresses are names, not values.
func values(p, pending agent.Plan, found []agent.Finding) (all []string) {
	for _, p := range []agent.Plan{p, pending} {
		for _, r := range append(p.Resources, p.Drifted...) {
			for _, a := range r.Attributes {
				all = append(all, a.Before, a.After)
			}
		}
	}
	for _, f := range found {
		all = append(all, f.Code, f.Real)
	}
	return all
}

func FuzzSummarize(f *testing.F) {
	for _, g := range goldens(f) {
		if b := read(f, g.File); len(b) < 8<<10 {
			f.Add(b)
		}
	}
	f.Add(read(f, "interlock/drift.json"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Summarize(b)
		found, pending, derr := Drift("o", "s", b)
		if (err == nil) != (derr == nil) {
			t.Fatalf("one reading fails, the other does not: %v, %v", err, derr)
		}
		if err != nil {
			return
		}
		if len(found) == 0 && p.Drift > 0 || pending.Drift != p.Drift {
			t.Fatalf("drift of %d resources got lost", p.Drift)
		}
		if strings.ContainsAny(strings.Join(values(p, pending, found), ""), "\n\r\x1b\u202e") {
			t.Fatal("a value breaks its line")
		}
	})
}
