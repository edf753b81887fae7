package slack

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

// reply shows what the bot says at once, to the person alone.
func (p *Platform) reply(ctx context.Context, org string, at place, response, user string, r bot.Reply) error {
	if r.Private == "" && r.Note == nil {
		return nil
	}
	d := note(r.Private, r.Note)
	if response != "" {
		err := p.request(ctx, "response_url", func(api *slack.Client) error {
			_, _, err := api.PostMessageContext(ctx, at.Channel, append(d.options(), append(at.within(), slack.MsgOptionResponseURL(response, slack.ResponseTypeEphemeral))...)...)
			return err
		})
		if err == nil {
			return nil
		}
		p.log().DebugContext(ctx, "a response address did not serve", "org", org, "error", err)
	}
	return p.whisper(ctx, at, user, d)
}

// within puts a private message into a thread, when there is one that people have
// open: Slack shows none in a thread that only its first message is in.
func (at place) within() []slack.MsgOption {
	if at.Thread == "" || strings.HasPrefix(at.Thread, "~") || at.Thread == at.Message {
		return nil
	}
	return []slack.MsgOption{slack.MsgOptionTS(at.Thread)}
}

// whisper posts what one person alone sees.
func (p *Platform) whisper(ctx context.Context, at place, user string, d drawing) error {
	opts := append(d.options(), at.within()...)
	return p.paced(ctx, methodEphemeral, "", func(api *slack.Client) error {
		_, err := api.PostEphemeralContext(ctx, at.Channel, user, opts...)
		return wrap("tell one person", err)
	})
}

// Whisper shows a card to one person alone, in a thread.
func (p *Platform) Whisper(ctx context.Context, _ string, t agent.Thread, to rbac.Actor, c bot.Card) error {
	if err := p.whisper(ctx, place{Channel: t.Channel, Thread: t.ID}, to.ID, note("", &c)); err != nil {
		return posted(err)
	}
	return nil
}

// redraw shows the pressed card as the record has it. The outbox redraws it too,
// and knows more: whatever it did since the press is not undone.
func (p *Platform) redraw(ctx context.Context, at place, c *bot.Card, since time.Time) {
	r := bot.Ref{Thread: agent.Thread{Platform: Name, Channel: at.Channel, ID: at.Thread}, MessageID: at.Message}
	if c == nil || at.Message == "" || !p.edits.stale(r, since) {
		return
	}
	if err := p.update(ctx, at.Channel, at.Message, *c); err != nil {
		p.log().DebugContext(ctx, "a card was not redrawn at once", "error", err)
	}
}

// edits remembers when the outbox last began to redraw a message.
type edits struct {
	mu sync.Mutex
	at map[string]time.Time
}

// mostEdited bounds what is remembered; what was forgotten is redrawn once more.
const mostEdited = 10_000

func (e *edits) begin(r bot.Ref, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.at == nil || len(e.at) >= mostEdited {
		e.at = map[string]time.Time{}
	}
	e.at[r.Thread.Channel+"/"+r.MessageID] = now
}

func (e *edits) stale(r bot.Ref, since time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.at[r.Thread.Channel+"/"+r.MessageID].Before(since)
}
