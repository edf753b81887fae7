package teams

import (
	"context"
	"strings"
	"sync"
	"time"

	"interlock/agent"
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
	typing           bool // was shown
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
	}
	s.text = text
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
		for t, org := range g.begun() {
			g.p.later(ctx, "show typing", func(ctx context.Context) error { return g.typing(ctx, org, t) })
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

// begun are the threads that nothing was shown in yet, each once.
func (g *progress) begun() map[agent.Thread]string {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := map[agent.Thread]string{}
	for t, s := range g.threads {
		if !s.typing {
			s.typing, all[t] = true, s.org
		}
	}
	return all
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
