package redact

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// What looks like a secret is found through what it is encoded in.
func TestThrough(t *testing.T) {
	t.Parallel()
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	file := "# of the service\nAWS_REGION=eu-central-1\nDB_PASSWORD=" + "x7!Kq/2wPz+9Lm" + "\nDEBUG=true\n"
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write([]byte(file))
	_ = w.Close()
	b64 := base64.StdEncoding.EncodeToString([]byte(file))
	for name, text := range map[string]string{
		"base64": b64, "base64 for URLs": base64.RawURLEncoding.EncodeToString([]byte(file)),
		"base64 in lines": b64[:76] + "\n" + b64[76:], "hex": hex.EncodeToString([]byte(file)), "hex in words": fmt.Sprintf("% X", file),
		"percent": strings.ToLower(url.QueryEscape(file)), "gzip in base64": base64.StdEncoding.EncodeToString(z.Bytes()),
		"gzip in hex": hex.EncodeToString(z.Bytes()), "twice": base64.StdEncoding.EncodeToString([]byte(b64)),
	} {
		got := r.Through("before\n" + text + "\nafter")
		if !strings.HasPrefix(got, "before\n[redacted: ") || !strings.HasSuffix(got, "]\nafter") || strings.Contains(got, text[len(text)/2:]) {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, text := range []string{
		base64.StdEncoding.EncodeToString([]byte("nothing of the kind, only words in a row, and more of them")),
		"0123456789abcdef0123456789abcdef01234567", "stacks/payments-prod/network/main.tf:12", "a%20b%20c",
	} {
		if got := r.Through(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// It takes no longer for what is built to be decoded again and again.
func BenchmarkThrough(b *testing.B) {
	r, err := New()
	if err != nil {
		b.Fatal(err)
	}
	var seq strings.Builder
	for i := range 100_000 {
		fmt.Fprintln(&seq, i)
	}
	bin := make([]byte, 400_000)
	for i := range bin {
		bin[i] = byte(i * i >> 3)
	}
	var block strings.Builder
	enc := base64.StdEncoding.EncodeToString(bin)
	for ; len(enc) > 76; enc = enc[76:] {
		block.WriteString(enc[:76] + "\n")
	}
	for name, text := range map[string]string{
		"numbers": seq.String(), "base64": block.String(), "hex": hex.EncodeToString(bin), "percent": strings.Repeat("a%2", 200_000),
		"percent and signs": strings.Repeat("a,%41,", 100_000),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				_ = r.Through(text)
			}
		})
	}
}
