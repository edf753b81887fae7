package slack

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"interlock/agent"
	"interlock/bot"
)

// markerType is the kind of metadata that our messages carry: by its payload an
// uncertain post is looked up before it is sent again.
const markerType = "interlock_message"

const markerKey = "marker"

// Post sends a card into its thread. A thread whose id begins with "~" begins
// with this message. A channel that begins with "@" is a person.
func (p *Platform) Post(ctx context.Context, _ string, t agent.Thread, c bot.Card) (bot.Ref, error) {
	to, err := p.direct(ctx, t.Channel)
	if err != nil {
		return bot.Ref{}, posted(err)
	}
	t.Channel = to
	var channel, ts string
	d, err := p.shown(ctx, c, func(d drawing) error {
		opts := append(d.options(), metadata(c.Marker)...)
		if !strings.HasPrefix(t.ID, "~") && t.ID != "" {
			opts = append(opts, slack.MsgOptionTS(t.ID))
		}
		return p.paced(ctx, methodPost, t.Channel, func(api *slack.Client) (err error) {
			channel, ts, err = api.PostMessageContext(ctx, t.Channel, opts...)
			return err
		})
	})
	if err != nil {
		return bot.Ref{}, posted(wrap("post message", err))
	}
	p.progress.end(ctx, t)
	if strings.HasPrefix(t.ID, "~") || t.ID == "" {
		t.ID = ts
	}
	t.Channel = first(channel, t.Channel) // of a person, the direct channel that Slack opened
	if d.Rest != "" {
		p.later(ctx, "attach file", func(ctx context.Context) error { return p.attach(ctx, t, c.Title, d.Rest) })
	}
	return bot.Ref{Thread: t, MessageID: ts}, nil
}

// Edit redraws a card of ours.
func (p *Platform) Edit(ctx context.Context, _ string, r bot.Ref, c bot.Card) error {
	p.edits.begin(r, p.now())
	err := p.update(ctx, r.Thread.Channel, r.MessageID, c)
	if err != nil {
		return posted(wrap("edit message", err))
	}
	p.progress.end(ctx, r.Thread)
	return nil
}

func (p *Platform) update(ctx context.Context, channel, ts string, c bot.Card) error {
	_, err := p.shown(ctx, c, func(d drawing) error {
		return p.paced(ctx, methodUpdate, channel, func(api *slack.Client) error {
			_, _, _, err := api.UpdateMessageContext(ctx, channel, ts, append(d.options(), metadata(c.Marker)...)...)
			return err
		})
	})
	return err
}

// options are a drawing as a request carries it. Nothing in it is unfurled, and
// names in it are no mentions.
func (d drawing) options() []slack.MsgOption {
	return []slack.MsgOption{
		slack.MsgOptionText(d.Text, false), slack.MsgOptionBlocks(d.Blocks...),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(), slack.MsgOptionParse(false),
	}
}

// metadata carries the marker; a message that is redrawn without one keeps its own.
func metadata(marker string) []slack.MsgOption {
	if marker == "" {
		return nil
	}
	return []slack.MsgOption{slack.MsgOptionMetadata(slack.SlackMetadata{EventType: markerType, EventPayload: map[string]any{markerKey: marker}})}
}

// pages is how far a lookup reads: 15 messages each is what Slack gives to an app
// of a young listing, a thousand to one of the workspace's own.
const pages = 10

// Find looks for the message of ours that carries the marker: in its thread, or
// among the latest of the channel when it would have begun one.
func (p *Platform) Find(ctx context.Context, _ string, t agent.Thread, marker string) (bot.Ref, bool, error) {
	me, err := p.identity(ctx)
	if err != nil {
		return bot.Ref{}, false, posted(err)
	}
	named := t.Channel
	if t.Channel, err = p.direct(ctx, t.Channel); err != nil {
		return bot.Ref{}, false, posted(err)
	}
	if "@"+t.Channel == named {
		return bot.Ref{}, false, nil // a person, and no conversation that could be read
	}
	var cursor string
	for range pages {
		msgs, next, err := p.page(ctx, t, cursor)
		if code(err) == "thread_not_found" {
			return bot.Ref{}, false, nil
		}
		if err != nil {
			return bot.Ref{}, false, posted(wrap("look message up", err))
		}
		for _, m := range msgs {
			if ours(m, me) && m.Metadata.EventPayload[markerKey] == marker {
				p.progress.end(ctx, t)
				return bot.Ref{Thread: agent.Thread{Platform: Name, Channel: t.Channel, ID: first(m.ThreadTimestamp, m.Timestamp)}, MessageID: m.Timestamp}, true, nil
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	return bot.Ref{}, false, nil
}

func ours(m slack.Message, me self) bool {
	return m.Metadata.EventType == markerType && (m.User == me.User || m.BotID == me.Bot)
}

// found is how far back a lookup goes in a channel: longer than an outbox tries.
const found = 6 * time.Hour

func (p *Platform) page(ctx context.Context, t agent.Thread, cursor string) (msgs []slack.Message, next string, err error) {
	if t.ID != "" && !strings.HasPrefix(t.ID, "~") {
		err = p.paced(ctx, methodReplies, "", func(api *slack.Client) (err error) {
			msgs, _, next, err = api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
				ChannelID: t.Channel, Timestamp: t.ID, Cursor: cursor, Limit: 200, IncludeAllMetadata: true,
			})
			return err
		})
		return msgs, next, err
	}
	err = p.paced(ctx, methodHistory, "", func(api *slack.Client) error {
		r, err := api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
			ChannelID: t.Channel, Cursor: cursor, Limit: 200, IncludeAllMetadata: true,
			Oldest: strconv.FormatInt(p.now().Add(-found).Unix(), 10),
		})
		if err == nil {
			msgs, next = r.Messages, r.ResponseMetaData.NextCursor
		}
		return err
	})
	return msgs, next, err
}

// attach puts what a card has no room for under it, as a file. It is not tried
// again: the card says what matters, and Show plan shows the rest.
func (p *Platform) attach(ctx context.Context, t agent.Thread, title, text string) error {
	return p.paced(ctx, methodUpload, "", func(api *slack.Client) error {
		_, err := api.UploadFileContext(ctx, slack.UploadFileParameters{
			Channel: t.Channel, ThreadTimestamp: t.ID, Filename: "plan.txt", Title: first(title, "plan"),
			FileSize: len(text), Reader: strings.NewReader(text), AltTxt: "All lines of the card above, as text",
		})
		return wrap("attach "+fmt.Sprint(len(text))+" bytes", err)
	})
}
