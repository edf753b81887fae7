package redact

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ordinary is what tools print: plan JSON, logs, code.
func ordinary(tb testing.TB, size int) string {
	tb.Helper()
	var b strings.Builder
	for b.Len() < size {
		for _, x := range rows(tb, "infra_negatives.jsonl") {
			b.WriteString(`{"level":"info","@message":"` + strings.ReplaceAll(x.Text, `"`, `\"`) + `","resource":{"addr":"aws_security_group_rule.api","key":null}}` + "\n")
			b.WriteString("2026-03-02T12:00:00Z apply: module.network.aws_route_table_association.private[0]: Refreshing state... [id=rtbassoc-0a1b2c3d4e5f]\n")
		}
	}
	return b.String()[:size]
}

// plan is one document as `tofu show -json` prints it, in one line: all changes and
// all prior states of the plans of the corpus, until it is as large as wanted.
func plan(tb testing.TB, size int) string {
	tb.Helper()
	names, err := filepath.Glob("../../testdata/tfplan/*/*.json")
	if err != nil || len(names) == 0 {
		tb.Fatal(names, err)
	}
	var changes, states []json.RawMessage
	for have := 0; have < size; {
		for _, name := range names {
			raw, err := os.ReadFile(name)
			if err != nil {
				tb.Fatal(err)
			}
			var doc struct {
				ResourceChanges []json.RawMessage `json:"resource_changes"`
				PriorState      json.RawMessage   `json:"prior_state"`
			}
			if json.Unmarshal(raw, &doc) != nil {
				continue // what is not one document
			}
			changes, states = append(changes, doc.ResourceChanges...), append(states, doc.PriorState)
			for _, c := range append(doc.ResourceChanges, doc.PriorState) {
				var b bytes.Buffer
				if err := json.Compact(&b, c); err == nil {
					have += b.Len()
				}
			}
		}
	}
	out, err := json.Marshal(map[string]any{"format_version": "1.2", "resource_changes": changes, "prior_state": states})
	if err != nil {
		tb.Fatal(err)
	}
	return string(out)
}

// spent is the processor's time, which neighbours on the machine touch less than the
// clock on the wall.
func spent() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// speed is in MB for each second of the processor.
func speed(b *testing.B, text string, work func()) float64 {
	b.Helper()
	b.SetBytes(int64(len(text)))
	began, n := spent(), 0
	for b.Loop() {
		work()
		n++
	}
	mine := float64(n*len(text)) / (spent() - began).Seconds() / 1e6
	b.ReportMetric(mine, "cpu-MB/s")
	return mine
}

// BenchmarkText reports the speed on text without secrets, beside a floor: the same
// rules, each over the whole text in which one of its words stands. The floor is
// not gitleaks' own detector, which is quicker than that.
func BenchmarkText(b *testing.B) {
	r, text := redactor(b, "correct-horse-battery", "another-known-secret"), ordinary(b, 4<<20)
	mine := speed(b, text, func() { r.Text(text) })
	part := text[:256<<10]
	began := spent()
	r.looks.whole(part)
	theirs := float64(len(part)) / (spent() - began).Seconds() / 1e6
	b.ReportMetric(theirs, "each-rule-whole-MB/s")
	b.ReportMetric(mine/theirs, "ratio")
}

// BenchmarkPlan reports the speed on whole plan documents, at once and in writes.
func BenchmarkPlan(b *testing.B) {
	r := redactor(b, "correct-horse-battery", "another-known-secret")
	for name, size := range map[string]int{"5MB": 5 << 20, "20MB": 20 << 20} {
		text := plan(b, size)
		b.Run(name+"/text", func(b *testing.B) { speed(b, text, func() { r.Text(text) }) })
		b.Run(name+"/writes", func(b *testing.B) {
			speed(b, text, func() { written32K(b, r, text) })
		})
	}
}

func written32K(tb testing.TB, r *Redactor, text string) {
	tb.Helper()
	w := r.Writer(discard{})
	for len(text) > 0 {
		n := min(len(text), 32<<10)
		if _, err := w.Write([]byte(text[:n])); err != nil {
			tb.Fatal(err)
		}
		text = text[n:]
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// hostile are texts that a slow search would be slow on, when they are repeated.
var hostile = map[string]string{
	"password":     "password=",
	"passwords":    "password=hunter2x ",
	"key":          "key=",
	"compared":     `"x"==password`,
	"authorized":   "authorization: ",
	"base64":       "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo",
	"letter":       "a",
	"blanks":       `password "x"                                                  `,
	"begin":        "-----BEGIN",
	"begin-key":    "-----BEGIN PRIVATE KEY-----",
	"json":         `{"password":"{\"token\":\"`,
	"json-in-json": `{\"a\":\"{\\\"password\\\":\\\"`,
	"backslashes":  `\`,
	"jwt":          "eyJhbGciOiJIUzI1NiJ9.",
	"gzip":         zipMagic + "\x00\x00\x00\x00\x00\x00\xff",
	"gzip-base64":  "H4sI",
	"bomb":         zip(strings.Repeat("\x00", 1<<20)),
	"known":        "correct-horse-battery",
	"curl":         "curl -u a: mysql -p redis-cli -a machine a login ",
	"yaml":         "password: |\n  ",
	"pgpass":       "a:5432:",
}

// BenchmarkDoubling reports the time on 1, 2, 4 and 8 MiB of hostile text, and how
// much longer twice the text takes, on average and at worst: 2 is linear.
func BenchmarkDoubling(b *testing.B) {
	r := redactor(b, "correct-horse-battery", "another-known-secret")
	for _, name := range slices.Sorted(maps.Keys(hostile)) {
		piece := hostile[name]
		b.Run(name, func(b *testing.B) {
			var took [4]time.Duration
			for b.Loop() {
				for i := range took {
					text := strings.Repeat(piece, (1<<20<<i)/len(piece))
					began := spent()
					r.Text(text)
					if d := spent() - began; took[i] == 0 || d < took[i] {
						took[i] = d
					}
				}
			}
			worst := 0.0
			for i, d := range took[1:] {
				worst = max(worst, float64(d)/float64(took[i]))
			}
			b.ReportMetric(float64(took[0].Microseconds())/1e3, "1MiB-ms")
			b.ReportMetric(float64(took[1].Microseconds())/1e3, "2MiB-ms")
			b.ReportMetric(float64(took[2].Microseconds())/1e3, "4MiB-ms")
			b.ReportMetric(float64(took[3].Microseconds())/1e3, "8MiB-ms")
			b.ReportMetric(math.Cbrt(float64(took[3])/float64(took[0])), "per-doubling")
			b.ReportMetric(worst, "worst-doubling")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func (l *looks) whole(text string) (n int) {
	low := strings.ToLower(text)
	for _, r := range l.rules {
		if r.pattern == nil {
			continue
		}
		for _, w := range r.pattern.Keywords {
			if strings.Contains(low, strings.ToLower(w)) {
				n += len(r.pattern.Regex.FindAllStringIndex(text, -1))
				break
			}
		}
	}
	return n
}
