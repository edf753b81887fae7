package redact

import (
	"strings"
	"testing"
)

// ordinary is what tools print: plan JSON, logs, code.
func ordinary(tb testing.TB) string {
	var b strings.Builder
	for b.Len() < 4<<20 {
		for _, x := range rows(tb, "infra_negatives.jsonl") {
			b.WriteString(`{"level":"info","@message":"` + strings.ReplaceAll(x.Text, `"`, `\"`) + `","resource":{"addr":"aws_security_group_rule.api","key":null}}` + "\n")
			b.WriteString("2026-03-02T12:00:00Z apply: module.network.aws_route_table_association.private[0]: Refreshing state... [id=rtbassoc-0a1b2c3d4e5f]\n")
		}
	}
	return b.String()
}

func BenchmarkText(b *testing.B) {
	r, text := redactor(b, "correct-horse-battery", "another-known-secret"), ordinary(b)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r.Text(text)
	}
}
