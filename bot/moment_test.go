package bot

import (
	"strings"
	"testing"
	"time"
)

func TestMoments(t *testing.T) {
	at := time.Date(2026, 11, 30, 15, 4, 0, 0, time.UTC)
	one := moment(at, "15:04 UTC")
	zone := func(t time.Time, _ string) string { return "<" + t.Format(time.RFC3339) + ">" }
	for name, c := range map[string]struct{ in, utc, zoned string }{
		"none":        {"no moment here", "no moment here", "no moment here"},
		"one":         {"until " + one + ".", "until 15:04 UTC.", "until <2026-11-30T15:04:00Z>."},
		"two":         {one + one, "15:04 UTC15:04 UTC", "<2026-11-30T15:04:00Z><2026-11-30T15:04:00Z>"},
		"not closed":  {"a \uE0F0123|x", "a 123|x", "a 123|x"},
		"not opened":  {"a \uE0F1 b", "a  b", "a  b"},
		"no number":   {"\uE0F0x|y\uE0F1", "x|y", "x|y"},
		"within one":  {"\uE0F0" + one, "15:04 UTC", "<2026-11-30T15:04:00Z>"},
		"of somebody": {plain("\uE0F012|never\uE0F1"), "12|never", "12|never"},
	} {
		if got := Moments(c.in, nil); got != c.utc {
			t.Errorf("%s: %q in UTC, want %q", name, got, c.utc)
		}
		if got := Moments(c.in, zone); got != c.zoned {
			t.Errorf("%s: %q in the reader's zone, want %q", name, got, c.zoned)
		}
	}
}

func FuzzMoments(f *testing.F) {
	f.Add("until " + moment(time.Unix(5, 0), "00:00 UTC"))
	f.Fuzz(func(t *testing.T, text string) {
		if got := Moments(text, nil); strings.ContainsRune(got, momentOpens) || strings.ContainsRune(got, momentCloses) {
			t.Errorf("%q keeps a mark: %q", text, got)
		}
	})
}
