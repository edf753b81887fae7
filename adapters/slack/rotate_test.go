package slack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"

	"interlock/bot"
	"interlock/rbac"
)

// rotateSlack gives out pairs as Slack does: a refresh token is good once.
type rotateSlack struct {
	mu      sync.Mutex
	valid   string // the refresh token that is good
	n       int
	asked   int
	takes   time.Duration
	down    error  // instead of an answer, before anything is done
	torn    error  // instead of an answer, after it is done
	instead string // instead of an answer, and nothing is done
}

func (s *rotateSlack) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(s.takes):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	text := `{"ok":false,"error":"invalid_refresh_token"}`
	switch {
	case s.down != nil:
		return nil, s.down
	case s.instead != "":
		text = s.instead
	case form.Get("grant_type") == "refresh_token" && form.Get("refresh_token") == s.valid && form.Get("client_id") == "1.2" && form.Get("client_secret") == "hush":
		s.n++
		s.valid = fmt.Sprintf("xoxe-1-%d", s.n)
		text = fmt.Sprintf(`{"ok":true,"access_token":"xoxe.xoxb-%d","refresh_token":%q,"expires_in":43200}`, s.n, s.valid)
		if s.torn != nil {
			return nil, s.torn
		}
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
}

// rotateKept is the database. Broken, it fails; full, it cannot be written;
// slow, it takes a while.
type rotateKept struct {
	mu     sync.Mutex
	t      Token
	broken error
	full   error
	slow   time.Duration
	saves  int
}

func (k *rotateKept) Load(context.Context) (Token, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.t, k.broken
}

func (k *rotateKept) Save(ctx context.Context, t Token) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	time.Sleep(k.slow)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.full != nil {
		return k.full
	}
	if k.broken == nil {
		k.t = t
		k.saves++
	}
	return k.broken
}

const rotateSection = "slack: {app_id: A1, bot_token: env:TURN, app_token: env:APP, client_id: '1.2', client_secret: env:CLIENT, refresh_token: env:FRESH}"

func rotateConfig(t *testing.T, section string) Config {
	t.Helper()
	c, err := configLoad(t, section)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rotateWorld is a fresh process over a database and a Slack.
func rotateWorld(c Config) (*rotateSlack, *rotateKept, func() *Rotor) {
	s, k := &rotateSlack{valid: "xoxe-1-hush"}, &rotateKept{}
	return s, k, func() *Rotor {
		return NewRotor(c, k, &http.Client{Transport: s}, slog.New(slog.DiscardHandler))
	}
}

func rotateWant(t *testing.T, r *Rotor, want string) {
	t.Helper()
	if got, err := r.Token(t.Context()); err != nil || got != want {
		t.Errorf("%q, not %q (%v)", got, want, err)
	}
}

func TestRotateNot(t *testing.T) {
	t.Parallel()
	r := NewRotor(rotateConfig(t, configSocket), nil, nil, nil)
	r.Refused("xoxb-hush")
	rotateWant(t, r, "xoxb-hush")
}

func TestRotate(t *testing.T) {
	t.Parallel()
	c := rotateConfig(t, rotateSection)
	synctest.Test(t, func(t *testing.T) {
		s, k, start := rotateWorld(c)
		r := start()
		rotateWant(t, r, "xoxe.xoxb-1") // its end is not known, so it is replaced at once
		time.Sleep(11*time.Hour + 50*time.Minute - time.Second)
		rotateWant(t, r, "xoxe.xoxb-1")
		time.Sleep(2 * time.Second)
		rotateWant(t, r, "xoxe.xoxb-2")
		rotateWant(t, start(), "xoxe.xoxb-2") // after a restart
		time.Sleep(100 * time.Hour)
		rotateWant(t, r, "xoxe.xoxb-3")
		if s.asked != 3 || k.saves != 3 || k.t.Access != "xoxe.xoxb-3" || !k.t.Expires.Equal(time.Now().Add(12*time.Hour)) {
			t.Errorf("asked %d times, kept %d: %v", s.asked, k.saves, k.t.Expires)
		}
	})
}

// A token that is not kept is never used, also when nothing is said for hours.
func TestRotateKeepsFirst(t *testing.T) {
	t.Parallel()
	c := rotateConfig(t, rotateSection)
	synctest.Test(t, func(t *testing.T) {
		s, k, start := rotateWorld(c)
		r := start()
		rotateWant(t, r, "xoxe.xoxb-1")
		time.Sleep(12*time.Hour - time.Minute)
		k.full = errors.New("disk full")
		rotateWant(t, r, "xoxe.xoxb-1")
		if s.asked != 2 || k.t.Access != "xoxe.xoxb-1" {
			t.Fatalf("asked %d times, kept %q", s.asked, k.t.Access)
		}
		time.Sleep(2 * time.Minute)
		got, err := r.Token(t.Context())
		if e := (*ExpiredError)(nil); !errors.As(err, &e) || !errors.Is(err, k.full) || got != "" {
			t.Fatalf("%q, %v", got, err)
		}
		k.full = nil
		time.Sleep(rotatePause + time.Second)
		rotateWant(t, r, "xoxe.xoxb-2")
		if s.asked != 2 || k.t.Access != "xoxe.xoxb-2" {
			t.Errorf("asked %d times", s.asked)
		}
	})
}

// While one replaces a token that is still good, nobody waits; afterwards all
// wait for the one.
func TestRotateOnce(t *testing.T) {
	t.Parallel()
	c := rotateConfig(t, rotateSection)
	for name, before := range map[string]time.Duration{"good": 11*time.Hour + 55*time.Minute, "over": 13 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, _, start := rotateWorld(c)
				r := start()
				rotateWant(t, r, "xoxe.xoxb-1")
				time.Sleep(before)
				s.takes = 5 * time.Second
				began, waited := time.Now(), 0
				var mu sync.Mutex
				var wg sync.WaitGroup
				for range 50 {
					wg.Go(func() {
						_, err := r.Token(t.Context())
						mu.Lock()
						defer mu.Unlock()
						if err != nil {
							t.Error(err)
						}
						if time.Since(began) > 0 {
							waited++
						}
					})
				}
				wg.Wait()
				if want := map[string]int{"good": 1, "over": 50}[name]; waited != want || s.asked != 2 {
					t.Errorf("%d waited, not %d; asked %d times", waited, want, s.asked)
				}
			})
		})
	}
}

// A caller that gives up does not tear what Slack tells once.
func TestRotateGivenUp(t *testing.T) {
	t.Parallel()
	c := rotateConfig(t, rotateSection)
	synctest.Test(t, func(t *testing.T) {
		s, k, start := rotateWorld(c)
		r := start()
		rotateWant(t, r, "xoxe.xoxb-1")
		time.Sleep(13 * time.Hour)
		s.takes, k.slow = 5*time.Second, time.Second
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			if got, err := r.Token(ctx); err != nil || got != "xoxe.xoxb-2" {
				t.Errorf("the one who replaces: %q, %v", got, err)
			}
		})
		synctest.Wait()
		if _, err := r.Token(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one who waits: %v", err)
		}
		wg.Wait()
		if k.t.Access != "xoxe.xoxb-2" {
			t.Errorf("kept is %q", k.t.Access)
		}
	})
}

// Failures leave the old token in use until its end, and are not repeated at
// every call.
func TestRotateFails(t *testing.T) {
	t.Parallel()
	c := rotateConfig(t, rotateSection)
	for _, instead := range []string{
		`{"ok":false,"error":"internal_error"}`, `{"ok":true}`, `<html>`, `{"ok":true,"access_token":"a","refresh_token":"b","expires_in":0}`,
		`{"ok":true,"access_token":"a","refresh_token":"b","expires_in":9000000000000000}`, `{"ok":true,"access_token":"a","expires_in":43200}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			s, _, start := rotateWorld(c)
			r := start()
			rotateWant(t, r, "xoxe.xoxb-1")
			time.Sleep(12*time.Hour - time.Minute)
			s.instead = instead
			for range 10 {
				rotateWant(t, r, "xoxe.xoxb-1")
			}
			if s.asked != 2 {
				t.Errorf("asked %d times", s.asked)
			}
			time.Sleep(2 * time.Minute)
			for range 10 {
				_, err := r.Token(t.Context())
				if e := (*ExpiredError)(nil); !errors.As(err, &e) || strings.Contains(err.Error(), "install") || e.Err == nil {
					t.Fatal(err)
				}
			}
			if s.asked != 3 {
				t.Errorf("asked %d times", s.asked)
			}
			s.instead = ""
			time.Sleep(rotatePause + time.Second)
			rotateWant(t, r, "xoxe.xoxb-2")
		})
	}
}

// Two processes share a database. The slower one takes what the other kept.
func TestRotateShared(t *testing.T) {
	t.Parallel()
	c := rotateConfig(t, rotateSection)
	synctest.Test(t, func(t *testing.T) {
		s, _, start := rotateWorld(c)
		a, b := start(), start()
		rotateWant(t, a, "xoxe.xoxb-1")
		rotateWant(t, b, "xoxe.xoxb-1")
		time.Sleep(12*time.Hour - time.Minute)
		s.takes = time.Second
		var wg sync.WaitGroup
		wg.Go(func() { rotateWant(t, a, "xoxe.xoxb-2") })
		synctest.Wait()
		time.Sleep(time.Millisecond)
		wg.Go(func() { rotateWant(t, b, "xoxe.xoxb-2") })
		wg.Wait()
		if s.asked != 3 || s.n != 2 || b.err != nil {
			t.Errorf("asked %d times, %d pairs, and the slower one says %v", s.asked, s.n, b.err)
		}
		time.Sleep(time.Minute)
		a.Refused("something older")
		a.Refused("xoxe.xoxb-2") // somebody revoked it
		rotateWant(t, a, "xoxe.xoxb-3")
		b.Refused("xoxe.xoxb-2")
		rotateWant(t, b, "xoxe.xoxb-3")
		if s.n != 3 {
			t.Errorf("%d pairs", s.n)
		}
	})
}

// A token that Slack refuses is replaced before the next request, though it should
// have lasted for hours.
func TestRotateWhenRefused(t *testing.T) {
	t.Parallel()
	c := rotateConfig(t, rotateSection)
	s, k, _ := rotateWorld(c)
	p, err := New(Options{
		Config: c, Inbox: &inbox{}, Tokens: k, HTTP: &http.Client{Transport: s},
		Lookups: Lookups{
			Org:    func(string) (string, bool) { return org, true },
			Follow: (&inbox{}).follow,
			Home:   func(context.Context, string, rbac.Actor) (bot.Home, error) { return bot.Home{}, nil },
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	asks := func(answer error) {
		if err := p.request(t.Context(), methodPost, func(*slack.Client) error { return answer }); code(err) != code(answer) {
			t.Error(err)
		}
	}
	asks(nil)
	asks(slack.SlackErrorResponse{Err: "channel_not_found"})
	asks(nil)
	if s.asked != 1 {
		t.Errorf("asked %d times", s.asked)
	}
	asks(slack.SlackErrorResponse{Err: "token_expired"})
	asks(nil)
	if s.asked != 2 || p.with != "xoxe.xoxb-2" {
		t.Errorf("asked %d times, uses %q", s.asked, p.with)
	}
}
