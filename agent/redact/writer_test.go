package redact

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A secret that is cut by the writes is found all the same.
func TestWriter(t *testing.T) {
	t.Parallel()
	const secret = "correct-horse-battery"
	r := redactor(t, secret)
	filler := strings.Repeat("all is well in line\n", 3000)
	text := filler + "one " + secret + " two\nDB_PASSWORD=hunter2222\n" + filler + secret
	text += strings.Repeat("all is well in line\nDB_PASSWORD=hunter2222\nnpm_aB3dE5gH7jK9mN1pQ3sTuV5wX7yZ9aB1cD3\n", 1000)
	for _, size := range []int{1, 7, 1000, 32 << 10, 1 << 20} {
		var b bytes.Buffer
		w := r.Writer(&b)
		for rest := []byte(text); len(rest) > 0; rest = rest[min(size, len(rest)):] {
			if _, err := w.Write(rest[:min(size, len(rest))]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); got != r.Text(text) {
			t.Errorf("writes of %d bytes: %d bytes, want %d", size, len(got), len(r.Text(text)))
		}
	}
}

// What is packed waits for more text than anything else.
func TestWriterUnpacks(t *testing.T) {
	t.Parallel()
	const secret = "correct-horse-battery"
	r := redactor(t, secret)
	text := strings.Repeat("all is well\n"+zip(secret)+strings.Repeat("in line\n", 100), 1000)
	var b bytes.Buffer
	w := r.Writer(&b)
	_, err := io.WriteString(w, text)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	if n := w.Found()[kindKnown]; n != 1000 || b.String() != r.Text(text) {
		t.Errorf("%d of 1000 are found", n)
	}
}

func TestWriterIsBounded(t *testing.T) {
	t.Parallel()
	r := redactor(t)
	var b bytes.Buffer
	w := r.Writer(&b)
	endless := []byte("-----BEGIN RSA PRIVATE KEY-----\n" + strings.Repeat("MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn\n", 64))
	for range 400 {
		_, _ = w.Write(endless)
		if cap(w.rest) > 1<<20 {
			t.Fatalf("%d bytes are held", cap(w.rest))
		}
	}
}

const fuzzSecret = "correct-horse/battery+staple"

// pieces are what rules begin with, what they end with, and what they wait for.
func pieces() []string {
	all := []string{
		"password=", "password = \"", "\"", "\\\"", "'", "\n", " ", ": ", "=", "==", "{", "}", "token: ", "api_key=", "secret", "hunter22",
		"https://a:", "@host/", "Authorization: Bearer ", "Cookie: a=b; c=d", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.", "AKIA2E0A8F3B244C9986",
		"-----BEGIN RSA PRIVATE KEY-----\n", "-----END RSA PRIVATE KEY-----", "H4sI", zipMagic, zip("nothing"), zip("a " + fuzzSecret),
		"kind: Secret\ndata:\n  a: ", "aB3dE5gH7jK9mN1pQ3sT", fuzzSecret, fuzzSecret[:9], fuzzSecret[9:], "abcabcabcabc", "[redacted: jwt]",
		strings.Repeat("x", 300), strings.Repeat("MIIEpAIBAAKCAQEA0Z3VS5JJ\n", 40), strings.Repeat(" ", 700), strings.Repeat("q8R/", 900),
		"curl -u ci:", "mysql -p'", "password: |\n  ", "machine a login b password ",
	}
	return append(all, slices.Sorted(maps.Values(written(fuzzSecret)))...)
}

// mixed is a text of pieces, with raw between them.
func mixed(rnd *rand.Rand, raw string, size int) string {
	var b strings.Builder
	parts := pieces()
	for b.Len() < size {
		switch i := rnd.IntN(len(parts) + 2); {
		case i < len(parts):
			b.WriteString(parts[i])
		case i == len(parts):
			b.WriteString(raw)
		default:
			b.WriteString(strings.Repeat("all is well\n", rnd.IntN(400)))
		}
	}
	return b.String()
}

// atOnce redacts a text in one piece.
func atOnce(r *Redactor, text string) (string, Found) {
	var b strings.Builder
	s := r.scan()
	s.write(&b, text, s.read(text, true))
	return b.String(), s.found
}

// FuzzWriter: wherever a text is cut, what comes out is what comes of the whole at
// once, and what is held stays within the limit.
func FuzzWriter(f *testing.F) {
	for i := range uint64(12) {
		f.Add("password=", i, uint32(i*9000))
	}
	f.Fuzz(func(t *testing.T, raw string, seed uint64, size uint32) {
		r := redactor(t, fuzzSecret, "abcabc")
		rnd := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // the seed is the point
		text := mixed(rnd, raw, int(size%600_000))
		want, found := atOnce(r, text)
		if got, n := r.Find(text); got != want || !maps.Equal(n, found) {
			t.Errorf("seed %d, size %d: Find: %v, want %v: %s", seed, size, n, found, differ(got, want))
		}
		var out bytes.Buffer
		w := r.Writer(&out)
		w.hold = 1 << rnd.IntN(16)
		most := 1 << rnd.IntN(18)
		for rest := []byte(text); len(rest) > 0; {
			n := min(len(rest), 1+rnd.IntN(most))
			if _, err := w.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			if rest = rest[n:]; len(w.rest) > 1<<20 {
				t.Fatalf("%d bytes are held", len(w.rest))
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != want {
			t.Errorf("seed %d, size %d: %s", seed, size, differ(got, want))
		}
		if !maps.Equal(w.Found(), found) {
			t.Errorf("seed %d, size %d: found %v, want %v", seed, size, w.Found(), found)
		}
	})
}

// differ shows where two texts begin to.
func differ(got, want string) string {
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	near := func(s string) string { return s[max(0, i-60):min(len(s), i+60)] }
	return "\n got ..." + near(got) + "\nwant ..." + near(want)
}
