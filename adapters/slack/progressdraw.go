package slack

import (
	"context"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"interlock/agent"

	"interlock/bot"
)

const working = "⏳ " // the word beside it says the same

// send shows the line of s: as Slack's own status, as a task of a stream, or as a
// message, whatever this workspace has.
func (g *progress) send(ctx context.Context, t agent.Thread, s *shown) error {
	switch {
	case s.ts == "" && g.status(ctx, t, s.text):
		return nil
	case s.ts == "":
		if begun, err := g.begin(ctx, t, s); begun || err != nil {
			return err
		}
	case s.stream:
		if err := g.step(ctx, t, s); code(err) != "message_not_in_streaming_state" {
			return err
		}
		s.stream = false // Slack ends one that says nothing for minutes; it is a message now
	}
	return g.message(ctx, t, s)
}

func (g *progress) message(ctx context.Context, t agent.Thread, s *shown) error {
	opts := []slack.MsgOption{
		slack.MsgOptionText("Working: "+escaped(clip(s.text, 150)), false),
		slack.MsgOptionBlocks(slack.NewContextBlock("", verbatim(working+escaped(clip(s.text, 600))))), slack.MsgOptionParse(false),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: progressType, EventPayload: map[string]any{"thread": t.ID}}),
	}
	if s.ts != "" {
		return g.p.request(ctx, methodUpdate, func(api *slack.Client) error {
			_, _, _, err := api.UpdateMessageContext(ctx, t.Channel, s.ts, opts...)
			return wrap("show progress", err)
		})
	}
	return g.p.request(ctx, methodPost, func(api *slack.Client) (err error) {
		_, s.ts, err = api.PostMessageContext(ctx, t.Channel, append(opts, slack.MsgOptionTS(t.ID))...)
		return wrap("show progress", err)
	})
}

// status shows what a run does where Slack has a line of its own for that: in the
// direct conversation with the bot, where it goes by itself with the next message.
// It is false where the workspace has none.
func (g *progress) status(ctx context.Context, t agent.Thread, text string) bool {
	if !g.p.opt.Assistant || !strings.HasPrefix(t.Channel, "D") {
		return false
	}
	err := g.p.request(ctx, "assistant.threads.setStatus", func(api *slack.Client) error {
		return api.SetAssistantThreadsStatusContext(ctx, slack.AssistantThreadsSetStatusParameters{ChannelID: t.Channel, ThreadTS: t.ID, Status: "is " + clip(text, 100) + "…"})
	})
	return err == nil
}

// mostTask of a title is what its card shows in one line.
const mostTask = 120

// task is one step of a run, on a card of its own in the stream.
func task(n int, text string, state slack.TaskCardStatus) slack.StreamChunk {
	c := slack.NewTaskUpdateChunk(strconv.Itoa(n), clip(bot.Sound(text), mostTask))
	c.Status = state
	return c
}

// begin opens a stream with the first task. It is false where there is none: no
// reader is known, or the workspace has no streams, which is asked once.
func (g *progress) begin(ctx context.Context, t agent.Thread, s *shown) (begun bool, err error) {
	g.mu.Lock()
	r, ok := g.readers[t]
	g.mu.Unlock()
	if !ok || !g.p.opt.Assistant || g.plain.Load() || !g.p.pace.free(methodStream, "") {
		return false, nil
	}
	err = g.p.request(ctx, methodStream, func(api *slack.Client) (err error) {
		_, s.ts, err = api.StartStreamContext(ctx, t.Channel, slack.MsgOptionTS(t.ID), slack.MsgOptionRecipientTeamID(r.team), slack.MsgOptionRecipientUserID(r.user),
			slack.MsgOptionTaskDisplayMode(slack.TaskDisplayModeTimeline), slack.MsgOptionChunks(task(1, s.text, slack.TaskCardStatusInProgress)))
		return err
	})
	if pe := posted(err); err != nil && pe.Refused {
		g.plain.Store(g.plain.Load() || pe.After == 0) // not for being too quick
		return false, nil
	}
	s.stream, s.task = err == nil, 1
	return err == nil, wrap("show progress", err)
}

// step ends the last task of a stream and begins the next.
func (g *progress) step(ctx context.Context, t agent.Thread, s *shown) error {
	chunks := []slack.StreamChunk{task(s.task+1, s.text, slack.TaskCardStatusInProgress)}
	if s.drawn != "" { // of one that was found again it is not known
		chunks = append([]slack.StreamChunk{task(s.task, s.drawn, slack.TaskCardStatusComplete)}, chunks...)
	}
	err := g.p.paced(ctx, methodAppend, "", func(api *slack.Client) error {
		_, _, err := api.AppendStreamContext(ctx, t.Channel, s.ts, slack.MsgOptionChunks(chunks...))
		return err
	})
	if err == nil {
		s.task++
	}
	return wrap("show progress", err)
}

// stop ends a stream, so that it can be removed. One that has ended is no error.
func (g *progress) stop(ctx context.Context, t agent.Thread, ts string) {
	err := g.p.paced(ctx, methodStop, "", func(api *slack.Client) error {
		_, _, err := api.StopStreamContext(ctx, t.Channel, ts)
		return err
	})
	if err != nil {
		g.p.log().DebugContext(ctx, "a stream was not ended", "error", err)
	}
}

// find looks for the message of a process that ended in the middle of a run, or
// for one whose ts we never learned. A stream carries no mark: it is the one
// message of ours without mark and words.
func (g *progress) find(ctx context.Context, t agent.Thread) (ts string, stream bool) {
	msgs, _, err := g.p.page(ctx, t, "")
	if err != nil {
		return "", false
	}
	me := g.p.known()
	for _, m := range msgs {
		unmarked := m.Metadata.EventType == "" && m.Text == "" && len(m.Files) == 0
		if (m.Metadata.EventType == progressType || unmarked) && m.User == me.User && me.User != "" {
			return m.Timestamp, unmarked
		}
	}
	return "", false
}
