package teams

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/infracloudio/msbotbuilder-go/schema"

	"interlock/agent"
	"interlock/bot"
)

// How often progress is redrawn: Teams takes 1,800 changes an hour in one thread,
// so a long run is shown more and more rarely.
const (
	beat   = 2 * time.Second
	slower = 20 // redraws, after which the pause is as long again
)

// mostShown is how many threads show progress at once; more show none.
const mostShown = 500

// progress is one message a run, edited in place, which goes when the run says
// something that stays. It is lossy: nothing waits for it.
type progress struct {
	p *Platform

	born time.Time

	mu      sync.Mutex
	threads map[agent.Thread]*shown
	looked  map[agent.Thread]bool
}

// shown is the message of one run.
type shown struct {
	org, text, drawn string
	message          string
	draws            int
	next             time.Time
	busy, over       bool
	lost             bool // one may be there that we do not know of
}

func newProgress(p *Platform) *progress {
	return &progress{p: p, born: p.now(), threads: map[agent.Thread]*shown{}, looked: map[agent.Thread]bool{}}
}

// Show keeps the newest line of what a run does. It never blocks. What is over
// within a beat is shown as typing alone.
func (p *Platform) Show(org string, t agent.Thread, text string) {
	if strings.HasPrefix(t.ID, "~") || t.ID == "" || text == "" {
		return
	}
	p.progress.mu.Lock()
	defer p.progress.mu.Unlock()
	s, ok := p.progress.threads[t]
	if !ok {
		if len(p.progress.threads) >= mostShown {
			return
		}
		s = &shown{org: org, next: p.now().Add(beat)}
		p.progress.threads[t] = s
		p.later(context.Background(), "show typing", func(ctx context.Context) error { return p.progress.typing(ctx, org, t) })
	}
	s.text = text
}

// typing is what Teams shows of itself for a few seconds, and only in chats.
func (g *progress) typing(ctx context.Context, org string, t agent.Thread) error {
	pl, err := g.p.reach(ctx, org, t)
	if err != nil || pl.Kind == inChannel {
		return err
	}
	return g.p.connect(ctx, request{
		method: http.MethodPost, base: pl.Service, path: []string{"v3", "conversations", conversation(t), "activities"},
		thread: conversation(t), body: message{Type: "typing"},
	}, nil)
}

// end removes the progress of a thread, now that something which stays is there.
func (g *progress) end(ctx context.Context, org string, t agent.Thread) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, ok := g.threads[t]
	if !ok {
		g.before(ctx, org, t)
		return
	}
	s.over = true
	delete(g.threads, t)
	if !s.busy { // whoever is busy with it removes it
		g.remove(ctx, t, *s)
	}
}

// before looks, once for each thread that is older than this process, for what one
// before it has left there.
func (g *progress) before(ctx context.Context, org string, t agent.Thread) {
	began, err := strconv.ParseInt(t.ID, 10, 64) // in milliseconds, as Teams numbers messages
	if err != nil || began >= g.born.UnixMilli() || g.looked[t] || len(g.looked) >= mostPlaces {
		return
	}
	g.looked[t] = true
	g.remove(ctx, t, shown{org: org, lost: true})
}

// marker is by what the progress of a thread is found when its answer got lost.
func marker(t agent.Thread) string { return "progress-" + t.ID }

func (g *progress) remove(ctx context.Context, t agent.Thread, s shown) {
	if s.message == "" && !s.lost {
		return
	}
	g.p.later(ctx, "remove progress", func(ctx context.Context) error {
		if s.message == "" {
			r, found, err := g.p.search(ctx, s.org, t, marker(t))
			if err != nil || !found {
				return err
			}
			s.message = r.MessageID
		}
		pl, err := g.p.reach(ctx, s.org, t)
		if err != nil {
			return err
		}
		err = g.p.tries(ctx, func() error {
			return g.p.connect(ctx, request{
				method: http.MethodDelete, base: pl.Service, path: []string{"v3", "conversations", conversation(t), "activities", s.message},
				thread: conversation(t),
			}, nil)
		})
		if isStatus(err, http.StatusNotFound) {
			return nil
		}
		return err
	})
}

// run redraws what changed until ctx ends.
func (g *progress) run(ctx context.Context) {
	tick := time.NewTicker(beat / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			g.leave(ctx)
			return
		case <-tick.C:
		}
		for t, s := range g.changed() {
			g.p.later(ctx, "show progress", func(ctx context.Context) error { return g.draw(ctx, t, s) })
		}
	}
}

// leave removes all that is shown: whoever goes on with a run shows their own.
func (g *progress) leave(ctx context.Context) {
	g.mu.Lock()
	all := map[agent.Thread]string{}
	for t, s := range g.threads {
		all[t] = s.org
	}
	g.mu.Unlock()
	for t, org := range all {
		g.end(ctx, org, t)
	}
}

// changed claims the threads whose line is another one and whose turn it is.
func (g *progress) changed() map[agent.Thread]*shown {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, all := g.p.now(), map[agent.Thread]*shown{}
	for t, s := range g.threads {
		if s.busy || s.text == s.drawn || now.Before(s.next) {
			continue
		}
		s.busy = true
		s.draws++
		s.next = now.Add(beat * time.Duration(1+s.draws/slower))
		all[t] = s
	}
	return all
}

// draw posts the message or changes it. What fails is drawn again with the next
// line; a run that ended meanwhile takes the message along.
func (g *progress) draw(ctx context.Context, t agent.Thread, s *shown) error {
	g.mu.Lock()
	was := *s
	g.mu.Unlock()
	id, err := g.send(ctx, t, was)
	g.mu.Lock()
	s.busy, s.message = false, first(id, s.message)
	switch {
	case err == nil:
		s.drawn, s.lost = was.text, false
	case posted(err).Permanent:
		if g.threads[t] == s {
			delete(g.threads, t)
		}
	case was.message == "":
		s.lost = s.lost || !posted(err).Refused
	}
	now := *s
	g.mu.Unlock()
	if now.over {
		g.remove(ctx, t, now)
	}
	return err
}

func (g *progress) send(ctx context.Context, t agent.Thread, s shown) (string, error) {
	pl, err := g.p.reach(ctx, s.org, t)
	if err != nil {
		return "", err
	}
	if s.message == "" && s.lost {
		r, found, err := g.p.search(ctx, s.org, t, marker(t))
		if err != nil {
			return "", err
		}
		if found {
			s.message = r.MessageID
		}
	}
	d := draw(bot.Card{Body: "⏳ " + clip(s.text, 600), Fallback: "Working: " + clip(s.text, 150), Marker: marker(t)}, view{})
	if s.message != "" {
		return s.message, g.p.update(ctx, pl, bot.Ref{Thread: t, MessageID: s.message}, d)
	}
	var res schema.ResourceResponse
	err = g.p.connect(ctx, request{
		method: http.MethodPost, base: pl.Service, path: []string{"v3", "conversations", conversation(t), "activities"},
		thread: conversation(t), body: d.message(),
	}, &res)
	return res.ID, err
}
