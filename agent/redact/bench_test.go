package redact

import (
	"strings"
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

// BenchmarkText reports the speed on text without secrets, beside a floor: the same
// rules, each over the whole text in which one of its words stands. The floor is
// not gitleaks' own detector, which is quicker than that.
func BenchmarkText(b *testing.B) {
	r, text := redactor(b, "correct-horse-battery", "another-known-secret"), ordinary(b, 4<<20)
	b.SetBytes(int64(len(text)))
	n := 0
	for b.Loop() {
		r.Text(text)
		n++
	}
	mine := float64(n*len(text)) / b.Elapsed().Seconds()
	part := text[:256<<10]
	began := time.Now()
	r.looks.whole(part)
	theirs := float64(len(part)) / time.Since(began).Seconds()
	b.ReportMetric(theirs/1e6, "each-rule-whole-MB/s")
	b.ReportMetric(mine/theirs, "ratio")
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
