package redact

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type row struct {
	Text, Rule string
	Secret     *string
	IsSecret   bool `json:"is_secret"`
}

func rows(tb testing.TB, name string) (all []row) {
	tb.Helper()
	f, err := os.Open("../../testdata/secrets/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			tb.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// TestCorpora: of each set, how much is right, or found, at least.
func TestCorpora(t *testing.T) {
	t.Parallel()
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	judge := func(name string) (found, secrets, touched, plain int) {
		for _, x := range rows(t, name) {
			out := r.Text(x.Text)
			switch {
			case x.IsSecret:
				secrets++
				if !strings.Contains(out, *x.Secret) {
					found++
				} else {
					t.Logf("%s: %s not found: %q", name, x.Rule, x.Text)
				}
			default:
				plain++
				if out != x.Text {
					touched++
					t.Logf("%s: %s touched: %q -> %q", name, x.Rule, x.Text, out)
				}
			}
		}
		t.Logf("%s: found %d of %d secrets, touched %d of %d others", name, found, secrets, touched, plain)
		return found, secrets, touched, plain
	}
	if found, secrets, touched, plain := judge("gitleaks_balanced.jsonl"); 100*(found+plain-touched) < 98*(secrets+plain) {
		t.Error("the balanced set: less than 98% right")
	}
	if found, secrets, _, _ := judge("detect_secrets.jsonl"); 100*found < 30*secrets {
		t.Error("the hard set: less than 30% found")
	}
	for _, name := range []string{"own.jsonl", "own_fresh.jsonl"} {
		if found, secrets, touched, _ := judge(name); 100*found < 90*secrets || touched > 2 {
			t.Errorf("%s: less than 90%% found, or more than 2 touched", name)
		}
	}
	if _, _, touched, plain := judge("infra_negatives.jsonl"); 1000*touched > 5*plain {
		t.Error("plan values: more than 0.5% touched")
	}
}

// TestQuickIsExact: what makes the rules of others quick does not change what they
// find.
func TestQuickIsExact(t *testing.T) {
	t.Parallel()
	quick := redactor(t)
	plainly := *quick.looks
	plainly.rules = slices.Clone(plainly.rules)
	for i := range plainly.rules {
		if r := &plainly.rules[i]; r.pattern != nil {
			r.near, r.core, r.name, r.long = nil, r.pattern.Regex, 0, false
		}
	}
	slow := &Redactor{looks: &plainly}
	texts := []string{mixed(rand.New(rand.NewPCG(1, 1)), "api_key: ", 60_000), plan(t, 100_000)[:100_000]} //nolint:gosec // the seed is the point
	for _, name := range []string{"gitleaks_balanced.jsonl", "detect_secrets.jsonl", "own.jsonl", "own_fresh.jsonl"} {
		for _, x := range rows(t, name) {
			texts = append(texts, x.Text)
		}
	}
	for _, text := range texts {
		if got, want := quick.Text(text), slow.Text(text); got != want {
			t.Errorf("%s", differ(got, want))
		}
	}
}

// TestPlansStayJSON: of a plan, whoever reads it next can read what is left.
func TestPlansStayJSON(t *testing.T) {
	t.Parallel()
	r := redactor(t)
	names, err := filepath.Glob("../../testdata/tfplan/*/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var compact bytes.Buffer
		if json.Compact(&compact, raw) != nil {
			continue // lines of JSON, or cut off on purpose
		}
		for _, text := range []string{string(raw), compact.String()} {
			if out := r.Text(text); !json.Valid([]byte(out)) {
				t.Errorf("%s: no JSON any more", name)
			}
		}
	}
}
