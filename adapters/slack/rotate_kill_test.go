package slack

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A process is killed at each step of a replacement; the next one starts over
// what is kept. Only where Slack has answered and nothing is kept is the pair
// lost, and then it says what to do.
func TestRotateKilled(t *testing.T) {
	t.Parallel()
	c := rotateConfig(t, rotateSection)
	dead := errors.New("killed")
	for _, tc := range []struct {
		at      string
		kill    func(s *rotateSlack, k *rotateKept)
		revived func(s *rotateSlack, k *rotateKept)
		after   string // what the next process uses
		lost    bool
	}{
		{"before it asks", func(s *rotateSlack, _ *rotateKept) { s.down = dead }, func(s *rotateSlack, _ *rotateKept) { s.down = nil }, "xoxe.xoxb-2", false},
		{"before Slack's answer comes", func(s *rotateSlack, _ *rotateKept) { s.torn = dead }, func(s *rotateSlack, _ *rotateKept) { s.torn = nil }, "xoxe.xoxb-1", true},
		{"before it is kept", func(_ *rotateSlack, k *rotateKept) { k.full = dead }, func(_ *rotateSlack, k *rotateKept) { k.full = nil }, "xoxe.xoxb-1", true},
		{"after it is kept", func(*rotateSlack, *rotateKept) {}, func(*rotateSlack, *rotateKept) {}, "xoxe.xoxb-2", false},
	} {
		t.Run(tc.at, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, k, start := rotateWorld(c)
				first := start()
				rotateWant(t, first, "xoxe.xoxb-1")
				time.Sleep(12*time.Hour - time.Minute)
				tc.kill(s, k)
				_, _ = first.Token(t.Context())
				tc.revived(s, k)

				next := start()
				rotateWant(t, next, tc.after)
				time.Sleep(2 * time.Minute) // past the end of the first token
				got, err := next.Token(t.Context())
				switch {
				case tc.lost && (err == nil || !strings.Contains(err.Error(), "install the app again")):
					t.Errorf("%q, %v", got, err)
				case !tc.lost && (err != nil || got != "xoxe.xoxb-2"):
					t.Errorf("%q, %v", got, err)
				}
				if asked := s.asked; tc.lost {
					time.Sleep(time.Hour)
					_, _ = next.Token(t.Context())
					if s.asked != asked {
						t.Error("it asks again with a refresh token that is spent")
					}
				}
			})
		})
	}
}

// After a new installation the configuration's tokens count, not those kept.
func TestRotateInstalledAgain(t *testing.T) {
	t.Parallel()
	old, c := rotateConfig(t, rotateSection), rotateConfig(t, strings.Replace(rotateSection, "FRESH", "AGAIN", 1))
	synctest.Test(t, func(t *testing.T) {
		s, k, start := rotateWorld(old)
		rotateWant(t, start(), "xoxe.xoxb-1")
		s.valid = "xoxe-1-again"
		r := NewRotor(c, k, start().http, start().log)
		rotateWant(t, r, "xoxe.xoxb-2")
	})
}

// The first exchange may fail: the configuration's token serves until Slack says
// no.
func TestRotateFirstFails(t *testing.T) {
	t.Parallel()
	c := rotateConfig(t, rotateSection)
	synctest.Test(t, func(t *testing.T) {
		s, k, start := rotateWorld(c)
		s.down, k.broken = errors.New("no network"), errors.New("no database")
		r := start()
		if got, err := r.Token(t.Context()); err == nil {
			t.Errorf("without a database: %q", got)
		}
		k.broken = nil
		rotateWant(t, r, "xoxe.xoxb-hush")
		r.Refused("xoxe.xoxb-hush")
		if got, err := r.Token(t.Context()); err == nil {
			t.Errorf("refused, and given again: %q", got)
		}
		s.down = nil
		time.Sleep(rotatePause + time.Second)
		rotateWant(t, r, "xoxe.xoxb-1")
	})
}

func TestTokenPrintsNothing(t *testing.T) {
	t.Parallel()
	tok := Token{Access: "hush", Refresh: "hush"}
	if said := fmt.Sprintf("%v %+v %#v %s %x %v %+v", tok, tok, tok, tok, tok, tok.LogValue(), struct{ T Token }{tok}); strings.Contains(said, "hush") || strings.Contains(said, "68757368") {
		t.Error(said)
	}
}
