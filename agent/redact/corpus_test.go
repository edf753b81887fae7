package redact

import (
	"bufio"
	"encoding/json"
	"os"
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
	if _, _, touched, plain := judge("infra_negatives.jsonl"); 1000*touched > 5*plain {
		t.Error("plan values: more than 0.5% touched")
	}
}
