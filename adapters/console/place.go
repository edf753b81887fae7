package console

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"interlock/agent"
	"interlock/bot"
)

// Limits of one thread's page.
const (
	batch     = 200  // messages of one read
	mostReads = 100  // reads of one thread, so that a page always ends
	mostShown = 1000 // messages of one thread; the newest are shown
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
