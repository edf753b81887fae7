package teams

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// CheckEndpoint asks from here whether this server answers at an address, such as
// https://bot.example.com, as Teams would ask: the path must be known there, and
// take nothing but a POST. A nil client is one of our own.
func CheckEndpoint(ctx context.Context, client *http.Client, at string) Check {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	c := Check{Name: "teams endpoint", Found: strings.TrimRight(at, "/") + pathMessages}
	if _, err := publicHost(at); err != nil {
		c.Err, c.Fix = err, "name the address that the Azure Bot's messaging endpoint begins with"
		return c
	}
	if client == nil {
		client = &http.Client{}
	}
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // Teams follows none
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Found, nil)
	if err != nil {
		c.Err = fmt.Errorf("ask %s: %w", c.Found, err)
		return c
	}
	res, err := own.Do(r)
	if err != nil {
		c.Err, c.Fix = fmt.Errorf("nothing answers: %w", err), "start interlock serve, and see that DNS, certificate and proxy of the address are right"
		return c
	}
	_ = res.Body.Close() // not read
	if res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != http.MethodPost {
		c.Err = fmt.Errorf("%s answers %d, and not as Interlock does", c.Found, res.StatusCode)
		c.Fix = "have the proxy pass " + pathMessages + " on to http.public, unchanged"
	}
	return c
}

// clock compares this machine's clock with the last one that answered. It is safe
// for concurrent use.
type clock struct {
	next http.RoundTripper

	mu    sync.Mutex
	dated bool
	ahead time.Duration
}

// RoundTrip passes a request on, and notes when it was answered.
func (k *clock) RoundTrip(r *http.Request) (*http.Response, error) {
	next := k.next
	if next == nil {
		next = http.DefaultTransport
	}
	res, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if t, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		k.mu.Lock()
		k.dated, k.ahead = true, time.Since(t)
		k.mu.Unlock()
	}
	return res, nil
}

// check finds a clock with which tokens are refused: as too old, or not yet good.
func (k *clock) check() (Check, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := Check{Name: "teams clock", Found: fmt.Sprintf("%s from Microsoft's", k.ahead.Abs().Round(time.Second)), Fix: "switch on the time service of this machine"}
	off := "fast"
	if k.ahead < 0 {
		off = "slow"
	}
	text := fmt.Sprintf("this machine's clock is %s %s", k.ahead.Abs().Round(time.Second), off)
	switch {
	case k.ahead.Abs() > leeway:
		c.Err = errors.New(text + ": what Teams sends is refused")
	case k.ahead.Abs() > time.Minute:
		c.Err = Warning(text)
	}
	return c, k.dated
}
