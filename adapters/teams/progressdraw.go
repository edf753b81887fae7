package teams

import (
	"context"
	"net/http"
	"strconv"

	"github.com/infracloudio/msbotbuilder-go/schema"

	"interlock/agent"
	"interlock/bot"
)

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
