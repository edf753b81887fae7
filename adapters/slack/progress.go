package slack

import (
	"context"
	"strings"
	"sync"
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

	mu      sync.Mutex
	threads map[agent.Thread]*shown
}

// shown is the message of one run.
type shown struct {
	text, drawn string
	ts          string
	busy, over  bool
	looked      bool // for one of an earlier process
	lost        bool // one may be there that we do not know of
}

func newProgress(p *Platform) *progress {
	return &progress{p: p, born: p.now(), threads: map[agent.Thread]*shown{}}
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
		g.remove(ctx, t, s.ts)
	case s.lost:
		g.p.later(ctx, "look for progress", func(ctx context.Context) error {
			if ts := g.find(ctx, t); ts != "" {
				g.remove(ctx, t, ts)
			}
			return nil
		})
	}
}

func (g *progress) remove(ctx context.Context, t agent.Thread, ts string) {
	g.p.later(ctx, "remove progress", func(ctx context.Context) error {
		return g.p.paced(ctx, methodDelete, "", func(api *slack.Client) error {
			_, _, err := api.DeleteMessageContext(ctx, t.Channel, ts)
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
	ts := was.ts
	if ts == "" && (was.lost || !was.looked && t.ID < stamp(g.born)) { // a younger thread has none of another process
		ts = g.find(ctx, t)
	}
	ts, err := g.send(ctx, t, ts, was.text)
	g.mu.Lock()
	s.busy, s.looked = false, true
	switch {
	case err == nil:
		s.ts, s.drawn, s.lost = ts, was.text, false
	case ts == "":
		s.lost = s.lost || !posted(err).Refused
	}
	now := *s
	g.mu.Unlock()
	if now.over {
		g.clear(ctx, t, now)
	}
	return err
}

func (g *progress) send(ctx context.Context, t agent.Thread, ts, text string) (string, error) {
	if ts == "" && g.status(ctx, t, text) {
		return "", nil
	}
	line := slack.MsgOptionBlocks(slack.NewContextBlock("", verbatim(working+escaped(clip(text, 600)))))
	opts := []slack.MsgOption{
		slack.MsgOptionText("Working: "+escaped(clip(text, 150)), false), line, slack.MsgOptionParse(false),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: progressType, EventPayload: map[string]any{"thread": t.ID}}),
	}
	if ts != "" {
		return ts, g.p.request(ctx, methodUpdate, func(api *slack.Client) error {
			_, _, _, err := api.UpdateMessageContext(ctx, t.Channel, ts, opts...)
			return wrap("show progress", err)
		})
	}
	err := g.p.request(ctx, methodPost, func(api *slack.Client) (err error) {
		_, ts, err = api.PostMessageContext(ctx, t.Channel, append(opts, slack.MsgOptionTS(t.ID))...)
		return wrap("show progress", err)
	})
	return ts, err
}

// status shows what a run does where Slack has a line of its own for that: in the
// direct conversation with the bot, where it goes by itself with the next message.
// It is false where the workspace has none; then a message says it.
func (g *progress) status(ctx context.Context, t agent.Thread, text string) bool {
	if !g.p.opt.Assistant || !strings.HasPrefix(t.Channel, "D") {
		return false
	}
	err := g.p.request(ctx, "assistant.threads.setStatus", func(api *slack.Client) error {
		return api.SetAssistantThreadsStatusContext(ctx, slack.AssistantThreadsSetStatusParameters{ChannelID: t.Channel, ThreadTS: t.ID, Status: "is " + clip(text, 100) + "…"})
	})
	return err == nil
}

const working = "⏳ " // the word beside it says the same

// find looks for the message of a process that ended in the middle of a run, or
// for one whose ts we never learned.
func (g *progress) find(ctx context.Context, t agent.Thread) string {
	msgs, _, err := g.p.page(ctx, t, "")
	if err != nil {
		return ""
	}
	me := g.p.known()
	for _, m := range msgs {
		if m.Metadata.EventType == progressType && (m.User == me.User || m.BotID == me.Bot) {
			return m.Timestamp
		}
	}
	return ""
}
