package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"
)

// window is how far the time stamp of a request may be from our clock, both
// ways; Slack's documentation names five minutes.
const window = 300 * time.Second

// replayed is how long a request is known again: as long as its time stamp could
// be taken, from the earliest moment to the latest.
const replayed = 2 * window

var (
	errUnsigned = errors.New("no signature")
	errStale    = errors.New("time stamp more than 5 minutes off")
	errForged   = errors.New("wrong signature")
	errNoSecret = errors.New("no signing secret is configured")
)

// verify checks Slack's signature v0 over the raw body, in constant time.
func verify(secret, stamp, signature string, body []byte, now time.Time) error {
	if secret == "" {
		return errNoSecret
	}
	given, err := hex.DecodeString(strings.TrimPrefix(signature, "v0="))
	if err != nil || !strings.HasPrefix(signature, "v0=") || stamp == "" || signature != strings.ToLower(signature) { // one spelling: it is what a replay is known by
		return errUnsigned
	}
	secs, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return errUnsigned
	}
	if off := now.Sub(time.Unix(secs, 0)); off > window || off < -window {
		return errStale
	}
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte("v0:" + stamp + ":"))
	_, _ = mac.Write(body)
	if !hmac.Equal(mac.Sum(nil), given) {
		return errForged
	}
	return nil
}

// replays knows the requests that were taken of late, by their signatures. It
// is bounded by time alone: only what Slack has signed comes in here.
type replays struct {
	mu    sync.Mutex
	times map[string]time.Time
	swept time.Time
}

func newReplays() *replays { return &replays{times: map[string]time.Time{}} }

func (r *replays) known(signature string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.times[signature]
	return ok && now.Sub(at) < replayed
}

// add remembers what was taken; what failed may come again.
func (r *replays) add(signature string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.swept) > replayed/10 {
		for s, at := range r.times {
			if now.Sub(at) >= replayed {
				delete(r.times, s)
			}
		}
		r.swept = now
	}
	r.times[signature] = now
}
