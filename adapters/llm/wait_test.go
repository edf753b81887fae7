package llm

import (
	"net/http"
	"testing"
	"time"
)

func TestWait(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, r := range []struct {
		name   string
		header []string // key, value, ...
		want   time.Duration
	}{
		{"nothing", nil, 0},
		{"seconds", []string{"Retry-After", "7"}, 7 * time.Second},
		{"fraction", []string{"Retry-After", "0.5"}, 500 * time.Millisecond},
		{"spaces", []string{"Retry-After", " 2 "}, 2 * time.Second},
		{"negative", []string{"Retry-After", "-3"}, 0},
		{"a year", []string{"Retry-After", "31536000"}, time.Hour},
		{"huge", []string{"Retry-After", "1e300"}, time.Hour},
		{"infinite", []string{"Retry-After", "Inf"}, 0},
		{"no number", []string{"Retry-After", "NaN"}, 0},
		{"words", []string{"Retry-After", "soon"}, 0},
		{"date", []string{"Retry-After", "Wed, 02 Jan 2030 03:05:05 GMT"}, time.Minute},
		{"past", []string{"Retry-After", "Wed, 02 Jan 2030 03:00:00 GMT"}, 0},
		{"milliseconds first", []string{"Retry-After-Ms", "250", "Retry-After", "9"}, 250 * time.Millisecond},
		{"nonsense milliseconds", []string{"Retry-After-Ms", "x", "Retry-After", "9"}, 9 * time.Second},
		{"reset", []string{"X-Ratelimit-Reset-Tokens", "6m0s", "X-Ratelimit-Remaining-Tokens", "0"}, 6 * time.Minute},
		{"reset with something left", []string{"X-Ratelimit-Reset-Tokens", "6m0s", "X-Ratelimit-Remaining-Tokens", "12"}, 0},
		{"reset of unknown rest", []string{"X-Ratelimit-Reset-Tokens", "6m0s"}, 0},
		{"the longer of two", []string{
			"X-Ratelimit-Reset-Tokens", "20ms", "X-Ratelimit-Remaining-Tokens", "0",
			"X-Ratelimit-Reset-Requests", "1s", "X-Ratelimit-Remaining-Requests", "0",
		}, time.Second},
		{"only the empty one", []string{
			"X-Ratelimit-Reset-Tokens", "20ms", "X-Ratelimit-Remaining-Tokens", "0",
			"X-Ratelimit-Reset-Requests", "1h", "X-Ratelimit-Remaining-Requests", "3",
		}, 20 * time.Millisecond},
		{"retry-after beats reset", []string{"Retry-After", "1", "X-Ratelimit-Reset-Tokens", "6m0s", "X-Ratelimit-Remaining-Tokens", "0"}, time.Second},
		{"reset in seconds", []string{"X-Ratelimit-Reset-Tokens", "60", "X-Ratelimit-Remaining-Tokens", "0"}, time.Minute},
		{"reset at a second", []string{"X-Ratelimit-Reset", "1893553475", "X-Ratelimit-Remaining", "0"}, 30 * time.Second},
		{"reset at a millisecond", []string{"X-Ratelimit-Reset", "1893553475000", "X-Ratelimit-Remaining", "0"}, 30 * time.Second},
		{"reset of a day", []string{"X-Ratelimit-Reset-Tokens", "24h", "X-Ratelimit-Remaining-Tokens", "0"}, time.Hour},
		{"reset nonsense", []string{"X-Ratelimit-Reset-Tokens", "later", "X-Ratelimit-Remaining-Tokens", "0"}, 0},
	} {
		h := http.Header{}
		for i := 0; i < len(r.header); i += 2 {
			h.Set(r.header[i], r.header[i+1])
		}
		if got := Wait(h, now); got != r.want {
			t.Errorf("%s: %v, want %v", r.name, got, r.want)
		}
	}
	if got := Wait(nil, now); got != 0 {
		t.Errorf("nil header: %v", got)
	}
}

func FuzzWait(f *testing.F) {
	f.Add("Retry-After", "7", "1")
	f.Add("Retry-After", "Wed, 02 Jan 2030 03:05:05 GMT", "")
	f.Add("X-Ratelimit-Reset-Tokens", "6m0s", "0")
	f.Add("X-Ratelimit-Reset-Tokens", "1893553475000", "-0")
	f.Add("Retry-After-Ms", "1e400", "NaN")
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	f.Fuzz(func(t *testing.T, key, value, left string) {
		h := http.Header{}
		h.Set(key, value)
		h.Set("X-Ratelimit-Remaining-Tokens", left)
		if got := Wait(h, now); got < 0 || got > time.Hour {
			t.Errorf("%s: %q waits %v", key, value, got)
		}
	})
}
