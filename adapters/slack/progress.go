package slack

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"

	"interlock/agent"
)

// progressType marks the messages that say what a run does now, so that one which
// a dead process left is found and used again.
const progressType = "interlock_progress"

// beat is how often progress is redrawn: Slack takes one change a second and channel.
const beat = time.Second

// mostShown is how many threads show progress at once; more show none.
const mostShown = 500

// progress is one message a run, edited in place, which goes when the run says
// something that stays. It is lossy: nothing waits for it.
type progress struct {
	p    *Platform
	born time.Time

	plain atomic.Bool // this workspace has no streams

	mu      sync.Mutex
	threads map[agent.Thread]*shown
	readers map[agent.Thread]reader
}

// reader is who a stream is for: whoever spoke last in the thread.
type reader struct{ team, user string }

// mostReaders is how many are kept in mind; without one there is no stream.
const mostReaders = 5000

// heard remembers who spoke.
func (g *progress) heard(t agent.Thread, r reader) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.readers) >= mostReaders {
		clear(g.readers)
	}
	g.readers[t] = r
}

// shown is the message of one run.
type shown struct {
	text, drawn string
	ts          string
	stream      bool // ts is one that is streamed
	task        int  // of the stream, the last one
	busy, over  bool
	looked      bool // for one of an earlier process
	lost        bool // one may be there that we do not know of
}

func newProgress(p *Platform) *progress {
	return &progress{p: p, born: p.now(), threads: map[agent.Thread]*shown{}, readers: map[agent.Thread]reader{}}
}

// Show keeps the newest line of what a run does. It never blocks.
func (p *Platform) Show(_ string, t agent.Thread, text string) {
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
		s = &shown{}
		p.progress.threads[t] = s
	}
	s.text = text
}

// end removes the progress of a thread, now that something which stays is there.
func (g *progress) end(ctx context.Context, t agent.Thread) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, ok := g.threads[t]
	if !ok {
		return
	}
	s.over = true
	delete(g.threads, t)
	if !s.busy { // whoever is busy with it removes it
		g.clear(ctx, t, *s)
	}
}

// clear removes the message of a run that has said its word, and looks for one
// that was posted though Slack's answer got lost.
func (g *progress) clear(ctx context.Context, t agent.Thread, s shown) {
	switch {
	case s.ts != "":
		g.remove(ctx, t, s)
	case s.lost:
		g.p.later(ctx, "look for progress", func(ctx context.Context) error {
			if ts, stream := g.find(ctx, t); ts != "" {
				g.remove(ctx, t, shown{ts: ts, stream: stream})
			}
			return nil
		})
	}
}

func (g *progress) remove(ctx context.Context, t agent.Thread, s shown) {
	g.p.later(ctx, "remove progress", func(ctx context.Context) error {
		if s.stream {
			g.stop(ctx, t, s.ts)
		}
		return g.p.paced(ctx, methodDelete, "", func(api *slack.Client) error {
			_, _, err := api.DeleteMessageContext(ctx, t.Channel, s.ts)
			if code(err) == "message_not_found" {
				return nil
			}
			return wrap("remove progress", err)
		})
	})
}

// run redraws what changed, once a beat, until ctx ends.
func (g *progress) run(ctx context.Context) {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for t, s := range g.changed() {
			g.p.later(ctx, "show progress", func(ctx context.Context) error { return g.draw(ctx, t, s) })
		}
	}
}

// changed claims the threads whose line is another one and whose turn it is.
func (g *progress) changed() map[agent.Thread]*shown {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := map[agent.Thread]*shown{}
	for t, s := range g.threads {
		method := methodUpdate
		if s.ts == "" {
			method = methodPost
		}
		if s.busy || s.text == s.drawn || !g.p.pace.free(method, t.Channel) {
			continue
		}
		s.busy = true
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
	next := was
	if was.ts == "" && (was.lost || !was.looked && t.ID < stamp(g.born)) { // a younger thread has none of another process
		next.ts, next.stream = g.find(ctx, t)
	}
	err := g.send(ctx, t, &next)
	g.mu.Lock()
	s.busy, s.looked = false, true
	s.ts, s.stream, s.task = next.ts, next.stream, next.task
	switch {
	case err == nil:
		s.drawn, s.lost = was.text, false
	case posted(err).Permanent: // nothing will be shown there
		s.over = true
		delete(g.threads, t)
	case posted(err).Refused && posted(err).After == 0:
		s.drawn = was.text // the next line is tried
	case next.ts == "":
		s.lost = s.lost || !posted(err).Refused
	}
	now := *s
	g.mu.Unlock()
	if now.over {
		g.clear(ctx, t, now)
	}
	return err
}
