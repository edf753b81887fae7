package console

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"interlock/agent"
	"interlock/bot"
)

// Limits of one page.
const (
	mostTopics   = 50
	batch        = 200  // messages of one read
	mostReads    = 100  // reads of one thread, so that a page always ends
	mostShown    = 1000 // messages of one thread; the newest are shown
	longestTitle = 120  // characters of a thread's title
)

// place is where a page, a form or a message is. Without a thread it is the
// channel.
type place struct{ Channel, Thread string }

func (at place) path() string {
	if at.Thread == "" {
		return "/c/" + url.PathEscape(at.Channel)
	}
	return "/c/" + url.PathEscape(at.Channel) + "/t/" + url.PathEscape(at.Thread)
}

func (at place) thread() agent.Thread {
	return agent.Thread{Platform: Name, Channel: at.Channel, ID: at.Thread}
}

// read gives a thread's messages in their order, and the newest Seq.
func (p *Platform) read(ctx context.Context, at place) (ms []bot.Message, seq int64, err error) {
	byID := map[string]bot.Message{}
	for range mostReads {
		got, err := p.opt.Messages.Read(ctx, p.opt.Org, at.thread(), seq, batch)
		if err != nil {
			return nil, 0, fmt.Errorf("read thread: %w", err)
		}
		for _, m := range got {
			byID[m.ID], seq = m, max(seq, m.Seq)
		}
		if len(got) < batch {
			break
		}
	}
	for _, m := range byID {
		ms = append(ms, m)
	}
	slices.SortFunc(ms, inOrder)
	return ms[max(0, len(ms)-mostShown):], seq, nil
}

// inOrder is by time; a thread's first message is first whatever its clock said.
func inOrder(a, b bot.Message) int {
	if first := func(m bot.Message) bool { return m.ID == m.Thread.ID }; first(a) != first(b) {
		if first(a) {
			return -1
		}
		return 1
	}
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Seq, b.Seq), strings.Compare(a.ID, b.ID))
}

// topicView is one thread in its channel's list.
type topicView struct {
	ID, URL, Title, Who, Initial string
	Bot                          bool
	Replies                      int
	Last                         time.Time
	Micro, Seq                   int64
	Status, Tone, Mark           string // of the newest card
}

// topic reads a thread for its line in the list.
func (p *Platform) topic(ctx context.Context, at place) (tv topicView, err error) {
	ms, seq, err := p.read(ctx, at)
	if err != nil || len(ms) == 0 {
		return tv, err
	}
	root, last := ms[0], ms[len(ms)-1]
	tv = topicView{
		ID: at.Thread, URL: at.path(), Title: title(root), Who: oneLine(root.Author.Name), Replies: len(ms) - 1,
		Last: last.At, Micro: last.At.UnixMicro(), Seq: seq,
	}
	if root.Author.ID == "" {
		tv.Who, tv.Bot = "Interlock", true
	}
	tv.Initial = initial(tv.Who)
	for _, m := range slices.Backward(ms) {
		if m.Card != nil && m.Card.Status != "" {
			tv.Status = m.Card.Status
			tv.Tone, _, tv.Mark = tone(m.Card.Tone)
			break
		}
	}
	return tv, nil
}

func title(m bot.Message) string {
	s := oneLine(m.Text)
	if m.Card != nil {
		s = oneLine(cmp.Or(m.Card.Title, m.Card.Fallback, m.Card.Body))
	}
	return cut(cmp.Or(s, "Thread"), longestTitle)
}

// topics lists a channel's threads, newest activity first. The Seq is one from
// before any of them was read: the threads are read one after the other, and
// what is said meanwhile must come again on the stream.
func (p *Platform) topics(ctx context.Context, channel string) (tvs []topicView, seq int64, err error) {
	roots, err := p.opt.Messages.Topics(ctx, p.opt.Org, Name, channel, mostTopics)
	if err != nil {
		return nil, 0, fmt.Errorf("read channel: %w", err)
	}
	for _, m := range roots {
		tv, err := p.topic(ctx, place{channel, m.Thread.ID})
		if err != nil {
			return nil, 0, err
		}
		tvs, seq = append(tvs, tv), max(seq, m.Seq)
	}
	slices.SortStableFunc(tvs, func(a, b topicView) int { return b.Last.Compare(a.Last) })
	return tvs, seq, nil
}
