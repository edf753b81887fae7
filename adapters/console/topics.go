package console

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"interlock/bot"
)

// Limits of a channel's list.
const (
	mostTopics   = 50   // threads of one page
	mostPages    = 1000 // nobody turns further
	longestTitle = 120  // characters of a thread's title
)

// topicView is one thread in its channel's list.
type topicView struct {
	ID, URL, Title, Who, Initial string
	Bot, Open                    bool // Open: one of its cards waits for somebody
	Replies                      int
	Last                         time.Time
	Micro, Seq                   int64
	Status, Tone, Mark           string // of the newest card, an open one before others

	alone bool // its author alone was answered, and nothing else was said
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
		Last: last.At, Micro: last.At.UnixMicro(), Seq: seq, alone: root.Alone && len(ms) == 1,
	}
	if root.Author.ID == "" {
		tv.Who, tv.Bot = "Interlock", true
	}
	tv.Initial = initial(tv.Who)
	if c := telling(ms); c != nil {
		tv.Status, tv.Open = c.Status, c.Open
		tv.Tone, _, tv.Mark = tone(c.Tone)
	}
	return tv, nil
}

// telling is the card whose status a thread's line shows, nil if none has one.
func telling(ms []bot.Message) (c *bot.Card) {
	for _, m := range slices.Backward(ms) {
		switch {
		case m.Card == nil:
		case m.Card.Open:
			return m.Card
		case c == nil && m.Card.Status != "":
			c = m.Card
		}
	}
	return c
}

func title(m bot.Message) string {
	s := oneLine(m.Text)
	if m.Card != nil {
		s = oneLine(cmp.Or(m.Card.Title, m.Card.Fallback, m.Card.Body))
	}
	return cut(cmp.Or(s, "Thread"), longestTitle)
}

// topicsView is one page of a channel's threads. Older and Newer lead to the pages beside
// it, and Page is 1 for the newest. The Seq is one from before any of them was read: the
// threads are read one after the other, and what is said meanwhile must come again on
// the stream.
type topicsView struct {
	Topics       []topicView
	Seq          int64
	Page         int
	Older, Newer string
}

// topics lists a channel's threads: open ones first, then the newest activity.
func (p *Platform) topics(ctx context.Context, v viewer, channel string, page int) (tp topicsView, err error) {
	roots, err := p.opt.Messages.Topics(ctx, p.opt.Org, Name, channel, (page-1)*mostTopics, mostTopics+1)
	if err != nil {
		return tp, fmt.Errorf("read channel: %w", err)
	}
	tp.Page = page
	if page > 1 {
		tp.Newer = pageURL(channel, page-1)
	}
	if len(roots) > mostTopics {
		roots, tp.Older = roots[:mostTopics], pageURL(channel, page+1)
	}
	for _, m := range roots {
		tv, err := p.topic(ctx, place{channel, m.Thread.ID})
		if err != nil {
			return tp, err
		}
		tp.Topics, tp.Seq = append(tp.Topics, tv), max(tp.Seq, m.Seq)
	}
	if page == 1 {
		err = p.answered(ctx, v, channel, &tp)
	}
	slices.SortStableFunc(tp.Topics, inList)
	return tp, err
}

// answered adds the thread in which the viewer alone was answered, while the answer is there.
func (p *Platform) answered(ctx context.Context, v viewer, channel string, tp *topicsView) error {
	at := p.flash.at(v.ID, p.now())
	if at.Channel != channel || at.Thread == "" {
		return nil
	}
	tv, err := p.topic(ctx, at)
	if err == nil && tv.alone {
		tp.Topics = append(tp.Topics, tv)
	}
	return err
}

// lists tells whether a thread is in the viewer's list.
func (p *Platform) lists(v viewer, at place, tv topicView) bool {
	return tv.ID != "" && (!tv.alone || p.flash.at(v.ID, p.now()) == at)
}

func inList(a, b topicView) int {
	if a.Open != b.Open {
		if a.Open {
			return -1
		}
		return 1
	}
	return b.Last.Compare(a.Last)
}

func pageURL(channel string, page int) string {
	url := place{Channel: channel}.path()
	if page > 1 {
		url += "?page=" + strconv.Itoa(page)
	}
	return url
}

// pageOf is the page that is asked for, the first unless it is a good number.
func pageOf(r *http.Request) int {
	n, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil || n < 1 || n > mostPages {
		return 1
	}
	return n
}
