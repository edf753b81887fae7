package llm

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestWait bounds what a header can make anybody wait.
const longestWait = time.Hour

// Wait reads how long a provider asks to wait: retry-after-ms, Retry-After
// (seconds or a date), or without these the x-ratelimit-reset of each limit
// that has nothing remaining. It is within [0, 1h]; 0 says nothing or nonsense.
func Wait(h http.Header, now time.Time) time.Duration {
	if ms, ok := number(h.Get("Retry-After-Ms")); ok {
		return bounded(ms / 1000)
	}
	if v := h.Get("Retry-After"); v != "" {
		return after(v, now)
	}
	var longest time.Duration
	for key := range h {
		limit, ok := strings.CutPrefix(key, "X-Ratelimit-Reset")
		if left, is := number(h.Get("X-Ratelimit-Remaining" + limit)); ok && is && left <= 0 {
			longest = max(longest, reset(h.Get(key), now))
		}
	}
	return longest
}

// after reads Retry-After (RFC 9110, 10.2.3); some send fractions of seconds.
func after(v string, now time.Time) time.Duration {
	if s, ok := number(v); ok {
		return bounded(s)
	}
	if t, err := http.ParseTime(strings.TrimSpace(v)); err == nil {
		return bounded(t.Sub(now).Seconds())
	}
	return 0
}

// reset reads "6m0s", seconds, or a moment in Unix seconds or milliseconds.
func reset(v string, now time.Time) time.Duration {
	if d, err := time.ParseDuration(strings.TrimSpace(v)); err == nil {
		return bounded(d.Seconds())
	}
	n, ok := number(v)
	switch {
	case !ok:
		return 0
	case n > 1e11: // no seconds since 1970 are that many before the year 5138
		return bounded(n/1000 - float64(now.UnixMilli())/1000)
	case n > 1e9:
		return bounded(n - float64(now.UnixMilli())/1000)
	}
	return bounded(n)
}

// number is a finite decimal number.
func number(v string) (float64, bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

func bounded(seconds float64) time.Duration {
	if !(seconds > 0) { // NaN too
		return 0
	}
	return time.Duration(min(seconds, longestWait.Seconds()) * float64(time.Second))
}
