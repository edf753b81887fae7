package console

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"interlock/bot"
)

// Times of a live stream.
const (
	heartbeat   = 20 * time.Second // also: is the viewer still one of us
	quickly     = time.Second      // while the demo prepares itself
	slowestSend = 30 * time.Second // a reader that takes nothing is let go
)

// unsent is no line of progress: the first one is always sent, so that a page
// forgets a line that went before the stream began.
const unsent = "\x00"

// stream is one viewer's live page.
type stream struct {
	p    *Platform
	v    viewer
	at   place
	seq  int64 // everything up to here was sent
	line string
	list template.HTML

	out  http.ResponseWriter
	ctl  *http.ResponseController
	left error
}

// events streams what changes on a page, from the Seq that the browser has. A
// browser that comes back names the last one it got, so nothing is missed.
func (p *Platform) events(w http.ResponseWriter, r *http.Request, v viewer) {
	at := place{r.URL.Query().Get("channel"), r.URL.Query().Get("thread")}
	if _, ok := p.opens(v, at.Channel); !ok {
		p.lost(w, r, v)
		return
	}
	nudges, leave, ok := p.hub.join()
	if !ok {
		w.Header().Set("Retry-After", "30")
		p.problem(w, r, v, http.StatusServiceUnavailable, "Too many viewers", "Too many pages are live. Reload to see news.")
		return
	}
	defer leave()
	changes, stop := p.opt.Changed(p.opt.Org)
	defer stop()
	s := &stream{p: p, v: v, at: at, seq: since(r), line: unsent, out: w, ctl: http.NewResponseController(w)}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	_, _ = fmt.Fprint(w, "retry: 1000\n\n")
	s.run(r.Context(), changes, nudges)
}

// since is the Seq that the browser has: a header when it comes back by itself,
// a parameter when the page opens.
func since(r *http.Request) int64 {
	for _, s := range []string{r.Header.Get("Last-Event-ID"), r.URL.Query().Get("after")} {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= 0 {
			return n
		}
	}
	return 0
}

func (s *stream) run(ctx context.Context, changes, nudges <-chan struct{}) {
	beat := time.NewTimer(0)
	defer beat.Stop()
	checked := s.p.now()
	for s.left == nil {
		s.news(ctx)
		s.progress()
		pending := s.checklist()
		s.left = cmp.Or(s.left, s.ctl.Flush())
		every := heartbeat
		if pending {
			every = quickly
		}
		beat.Reset(every)
		select {
		case <-ctx.Done():
			return
		case <-s.p.done:
			return
		case _, open := <-changes:
			if !open {
				return // the browser comes back and gets a new one
			}
		case <-nudges:
		case <-beat.C:
		}
		if now := s.p.now(); now.Sub(checked) >= heartbeat {
			if checked = now; !s.alive(ctx, now) {
				return
			}
		}
	}
}

// alive keeps the connection warm and ends it for those who were removed.
func (s *stream) alive(ctx context.Context, now time.Time) bool {
	people, err := s.p.people(ctx)
	if err != nil {
		return true // the next request will tell
	}
	_, known := view(s.v.session, people)
	s.write(": still here\n\n")
	return known && now.Before(s.v.Ends)
}

// news sends the messages after seq, each with its Seq as the event's id. In a
// channel's list it sends the lines of the threads that changed.
func (s *stream) news(ctx context.Context) {
	for s.left == nil {
		ms, err := s.p.opt.Messages.Read(ctx, s.p.opt.Org, s.at.thread(), s.seq, batch)
		if err != nil {
			if ctx.Err() == nil {
				s.p.opt.Log.WarnContext(ctx, "read news", "error", err)
			}
			return
		}
		if s.at.Thread == "" {
			s.topics(ctx, ms)
		} else {
			s.messages(ms)
		}
		if len(ms) < batch {
			return
		}
	}
}

func (s *stream) messages(ms []bot.Message) {
	for _, m := range ms {
		h, err := s.p.fragment("message", s.p.message(s.v, m))
		if err != nil {
			s.left = err
			return
		}
		s.event("message", m.Seq, h)
		s.seq = m.Seq
	}
}

// topics gives only the last line an id: cut off before it, all come again.
func (s *stream) topics(ctx context.Context, ms []bot.Message) {
	var order []string
	seen := map[string]bool{}
	for _, m := range ms {
		if !seen[m.Thread.ID] {
			seen[m.Thread.ID], order = true, append(order, m.Thread.ID)
		}
		s.seq = m.Seq
	}
	for i, id := range order {
		at := place{s.at.Channel, id}
		tv, err := s.p.topic(ctx, at)
		if err != nil {
			s.left = err
			return
		}
		if !s.p.lists(s.v, at, tv) {
			continue
		}
		h, err := s.p.fragment("topic", tv)
		if err != nil {
			s.left = err
			return
		}
		seq := int64(0)
		if i == len(order)-1 {
			seq = s.seq
		}
		s.event("topic", seq, h)
	}
}

func (s *stream) progress() {
	if s.at.Thread == "" {
		return
	}
	if line := s.p.hub.line(s.at.thread(), s.p.now()); line != s.line {
		s.line = line
		s.event("progress", 0, template.HTML(template.HTMLEscapeString(line))) //nolint:gosec // escaped
	}
}

// checklist sends the demo's preparation when it moved, and tells whether it
// still will.
func (s *stream) checklist() (pending bool) {
	if s.at.Thread != "" {
		return false
	}
	v := s.p.checklist(s.at.Channel)
	if v == nil {
		return false
	}
	h, err := s.p.fragment("checklist", v)
	if err == nil && h != s.list {
		s.list = h
		s.event("checklist", 0, h)
	}
	return v.Ready == ""
}

// event writes one event. Without an id the browser keeps the last one.
func (s *stream) event(name string, id int64, h template.HTML) {
	var b bytes.Buffer
	if id > 0 {
		_, _ = fmt.Fprintf(&b, "id: %d\n", id)
	}
	_, _ = fmt.Fprintf(&b, "event: %s\n", name)
	for l := range strings.SplitSeq(strings.ReplaceAll(string(h), "\r", " "), "\n") {
		_, _ = fmt.Fprintf(&b, "data: %s\n", l)
	}
	b.WriteByte('\n')
	s.write(b.String())
}

func (s *stream) write(text string) {
	if s.left != nil {
		return
	}
	_ = s.ctl.SetWriteDeadline(time.Now().Add(slowestSend)) // not every server has one
	_, s.left = s.out.Write([]byte(text))
}
