package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"golang.org/x/sync/errgroup"
)

// Sockets are opened one after the other, so that Slack never ends all at once.
const stagger = 2 * time.Second

// Limits of one socket. Slack pings every few seconds and its payloads are far
// below the limit; ackTime bounds an acknowledgement on a socket that died.
const (
	socketLimit = 4 << 20
	ackTime     = 3 * time.Second
	pingTime    = 30 * time.Second
	lowestPause = time.Second
	longPause   = 2 * time.Minute
)

// fatal are the answers after which another attempt cannot help.
var fatal = map[string]bool{
	"invalid_auth": true, "not_authed": true, "account_inactive": true, "token_revoked": true, "token_expired": true,
	"not_allowed_token_type": true, "missing_scope": true, "forbidden_for_interactive_connection": true,
}

// Run keeps progress, and sockets when there is an app token, until ctx ends;
// then it waits for what is being shown. A token that Slack refuses is said in
// the log and tried again from time to time: what waits to be posted is kept.
func (p *Platform) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { p.progress.run(ctx); return nil })
	g.Go(func() error { p.meet(ctx); return nil })
	if p.opt.Socket() {
		for i := range p.opt.Connections {
			g.Go(func() error { p.keepSocket(ctx, i); return nil })
		}
	}
	err := g.Wait()
	p.tasks.Close()
	return err
}

// meet learns who the bot is; until then its own mentions are known from what
// Slack says beside each event.
func (p *Platform) meet(ctx context.Context) {
	for pause := lowestPause; ; pause = min(2*pause, longPause) {
		_, err := p.identity(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		if access[code(err)] {
			p.log().ErrorContext(ctx, "Slack does not take the bot's token: what waits is kept; interlock doctor says more", "error", err)
		} else {
			p.log().ErrorContext(ctx, "Slack cannot be reached: what waits is kept, and tried again", "in", pause, "error", err)
		}
		if !rest(ctx, pause) {
			return
		}
	}
}

// keepSocket keeps one socket open. The library reconnects by itself until it
// meets an answer that it takes for final.
func (p *Platform) keepSocket(ctx context.Context, i int) {
	if !rest(ctx, time.Duration(i)*stagger/time.Duration(max(p.opt.Connections, 1))) {
		return
	}
	for pause := lowestPause; ; pause = min(2*pause, longPause) {
		began := p.now()
		err := p.socket(ctx)
		if ctx.Err() != nil {
			return
		}
		if p.now().Sub(began) > longPause {
			pause = lowestPause
		}
		level := p.log().WarnContext
		if fatal[code(err)] {
			level, pause = p.log().ErrorContext, longPause
		}
		level(ctx, "a socket to Slack ended and is opened again", "socket", i, "in", pause, "error", err)
		if !rest(ctx, pause+rand.N(pause/4)) {
			return
		}
	}
}

// atOnce is how many payloads of one socket are taken at once: the store commits
// them together, and one after the other would keep the socket from its pings.
const atOnce = 64

// A socket that Slack ends so soon, so often in a row, before anything came over it
// is one too many: the library would open the next one at once, for ever.
const (
	shortLife = 10 * time.Second
	mostBrief = 3
)

var errShortLived = errors.New("sockets to Slack end as soon as they open: other processes may hold all that it allows")

// socket serves one connection after another until the library gives up.
func (p *Platform) socket(ctx context.Context) error {
	api := p.speaker("", slack.OptionAppLevelToken(p.opt.AppToken.Reveal()))
	c := socketmode.New(api, socketmode.OptionReadLimit(socketLimit), socketmode.OptionPingInterval(pingTime), socketmode.OptionLog(quiet{p.log()}))
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- c.RunContext(ctx) }()
	var taking errgroup.Group
	taking.SetLimit(atOnce)
	defer func() { cancel(); _ = taking.Wait() }()
	served := false
	for last, short := p.now(), 0; ; {
		select {
		case err := <-done:
			return err
		case ev := <-c.Events:
			if err := p.unopened(ctx, ev); err != nil {
				cancel()
				return errors.Join(err, ended(<-done))
			}
			if ev.Type != socketmode.EventTypeConnected {
				served = served || ev.Request != nil && ev.Request.EnvelopeID != ""
				taking.Go(func() error { p.heard(ctx, c, ev); return nil })
				continue
			}
			if short++; served || p.now().Sub(last) > shortLife {
				short, served = 0, false
			}
			if last = p.now(); short > mostBrief {
				cancel()
				return errors.Join(errShortLived, ended(<-done))
			}
		}
	}
}

// unopened says that a socket could not be opened. What another attempt cannot
// change is an error: the library would try it for ever, and say nothing.
func (p *Platform) unopened(ctx context.Context, ev socketmode.Event) error {
	failed, ok := ev.Data.(*slack.ConnectionErrorEvent)
	if !ok {
		return nil
	}
	if fatal[code(failed.ErrorObj)] {
		return failed.ErrorObj
	}
	p.log().WarnContext(ctx, "a socket to Slack could not be opened", "in", failed.Backoff, "error", failed.ErrorObj)
	return nil
}

// ended leaves out what only says that we ended it ourselves.
func ended(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// heard takes one message of a socket. Slack's own words about the socket carry
// no envelope and are never acknowledged. What the library does not know has to
// be acknowledged all the same: Slack would send it again and count it as failed.
func (p *Platform) heard(ctx context.Context, c *socketmode.Client, ev socketmode.Event) {
	switch {
	case ev.Request != nil:
		p.envelope(ctx, c, *ev.Request)
	case ev.Type == socketmode.EventTypeErrorBadMessage:
		bad, ok := ev.Data.(*socketmode.ErrorBadMessage)
		if !ok {
			return
		}
		r, err := decode[socketmode.Request](bad.Message)
		if err != nil {
			p.opt.Count("malformed")
			return
		}
		p.envelope(ctx, c, r)
	}
}

// envelope takes a payload and acknowledges it. What could not be taken is not
// acknowledged: Slack sends it again.
func (p *Platform) envelope(ctx context.Context, c *socketmode.Client, r socketmode.Request) {
	if r.EnvelopeID == "" {
		return
	}
	a, err := p.take(ctx, r.Type, r.Payload)
	switch {
	case errors.Is(err, errForeign):
		p.log().WarnContext(ctx, "a delivery was refused", "kind", r.Type, "why", err.Error())
		a = answer{}
	case err != nil:
		p.log().ErrorContext(ctx, "a delivery was not taken: Slack sends it again", "kind", r.Type, "error", err)
		return
	}
	if err := p.acknowledge(ctx, c, r, a); err != nil {
		p.log().WarnContext(ctx, "a delivery was taken but not acknowledged: Slack sends it again, and it counts once", "error", err)
	}
	if a.after != nil {
		p.later(ctx, a.what, a.after)
	}
}

// mostAnswered is below the size at which Slack drops an acknowledgement.
const mostAnswered = 18 << 10

func (p *Platform) acknowledge(ctx context.Context, c *socketmode.Client, r socketmode.Request, a answer) error {
	body, err := a.raw()
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	if len(body) > mostAnswered {
		body, err = json.Marshal(map[string]string{"text": "The answer is too long to show here: ask for less."})
		if err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, ackTime)
	defer cancel()
	if len(body) > 0 && r.AcceptsResponsePayload {
		return c.AckCtx(ctx, r.EnvelopeID, body)
	}
	return c.AckCtx(ctx, r.EnvelopeID, nil)
}

// rest waits, unless ctx ends first.
func rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// stamp is a moment as Slack writes it in the names of messages.
func stamp(t time.Time) string { return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000) }
