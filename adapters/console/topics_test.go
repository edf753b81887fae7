package console

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"interlock/bot"
)

// said adds a message to a thread, a card if there is one.
func (r *room) said(t *testing.T, id, in string, c *bot.Card) {
	t.Helper()
	m := bot.Message{ID: id, Org: "acme", Thread: thread(in), Author: actor("bob", "Bob"), Text: "said " + id, Card: c, At: testTime()}
	if _, err := r.messages.Say(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

// rows are the threads of a page of the channel, in their order.
func rows(page string) (ids []string) {
	for _, m := range regexp.MustCompile(`id="t-([^"]*)"`).FindAllStringSubmatch(page, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

// However much is said after it, a thread with an open card is on the first page, on top,
// and every other one is on some page.
func TestOpenThreadsComeFirst(t *testing.T) {
	t.Parallel()
	r := newRoom(t, nil)
	c := driftCard()
	c.Open = true
	r.said(t, "drift", "drift", &c)
	r.said(t, "later", "drift", &bot.Card{Title: "Plan", Status: "planned"})
	const others = 2*mostTopics + 3
	for i := range others {
		r.said(t, "n"+strconv.Itoa(i), "n"+strconv.Itoa(i), nil)
	}
	b := r.browser(t)
	pages := []string{b.page("/c/infra"), b.page("/c/infra?page=2"), b.page("/c/infra?page=3")}
	if got := rows(pages[0]); len(got) != mostTopics || got[0] != "drift" {
		t.Errorf("the first page has %v", got)
	}
	want(t, pages[0], `data-open="1"`, "1 new, 0 known, 0 gone", `href="/c/infra?page=2">Older threads</a>`)
	wantNot(t, pages[0], "Newer threads", " data-still")
	want(t, pages[1], `href="/c/infra">Newer threads</a>`, `href="/c/infra?page=3">Older threads</a>`, " data-still")
	want(t, pages[2], `href="/c/infra?page=2">Newer threads</a>`)
	wantNot(t, pages[2], "Older threads")
	all := rows(strings.Join(pages, ""))
	if slices.Sort(all); len(slices.Compact(all)) != others+1 {
		t.Errorf("%d threads on all pages", len(all))
	}
	want(t, b.page("/c/infra?page=9"), "No threads are so old", "Newer threads")
	for _, odd := range []string{"0", "-1", "x", "99999999999999999999"} {
		if got := rows(b.page("/c/infra?page=" + odd)); len(got) == 0 || got[0] != "drift" {
			t.Errorf("page %s has %v", odd, got)
		}
	}
}

// A thread's line tells of the card that waits, even when a younger one does not.
func TestTelling(t *testing.T) {
	t.Parallel()
	opened, closed, plain := &bot.Card{Status: "waiting", Open: true}, &bot.Card{Status: "done"}, &bot.Card{}
	for _, c := range []struct {
		cards []*bot.Card
		want  *bot.Card
	}{{nil, nil}, {[]*bot.Card{nil, plain}, nil}, {[]*bot.Card{closed, plain}, closed}, {[]*bot.Card{opened, closed, nil}, opened}} {
		var ms []bot.Message
		for _, card := range c.cards {
			ms = append(ms, bot.Message{Card: card})
		}
		if got := telling(ms); got != c.want {
			t.Errorf("%v: %+v", c.cards, got)
		}
	}
}

// asks has a person start a thread with a question that the bot answers like this.
func (r *room) asks(t *testing.T, b *browser, text string, rep bot.Reply) (path string) {
	t.Helper()
	r.in.rep = rep
	f := b.form(b.page("/c/infra"), "/c/infra/say", "Start thread")
	f.Set("text", text)
	return strings.TrimSuffix(b.post("/c/infra/say", f).Header().Get("Location"), "#latest")
}

// What was answered to one person alone is in nobody else's list, and in theirs as long as
// the answer is there. Once more is said in its thread it is everybody's.
func TestPrivateAnswerIsNoThread(t *testing.T) {
	t.Parallel()
	r := newRoom(t, nil)
	asker, other := r.browser(t), r.browser(t)
	path := r.asks(t, asker, "status", bot.Reply{Note: &bot.Card{Title: "Status of it"}})
	wantNot(t, other.page("/c/infra"), path)
	want(t, asker.page("/c/infra"), path)
	want(t, asker.page(path), "Status of it", "Only you can see this")
	want(t, asker.page(path), "Status of it")
	want(t, asker.page("/c/infra"), path)

	open := r.asks(t, asker, "is it so?", bot.Reply{})
	for _, b := range []*browser{asker, other} {
		want(t, b.page("/c/infra"), open, "no replies")
		wantNot(t, b.page("/c/infra"), path)
	}
	wantNot(t, asker.page(path), "Status of it")

	r.said(t, "more", strings.TrimPrefix(path, "/c/infra/t/"), nil)
	want(t, other.page("/c/infra"), path, "1 reply")
}

// The stream of a channel's list follows the same rule.
func TestPrivateAnswerIsNoNews(t *testing.T) {
	t.Parallel()
	r := newRoom(t, nil)
	next, _ := r.live(t, "/events?channel=infra&after=0", "")
	m := bot.Message{ID: "t1", Org: "acme", Thread: thread("t1"), Author: actor("bob", "Bob"), Text: "status", At: testTime(), Alone: true}
	if _, err := r.messages.Say(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	r.said(t, "t2", "t2", nil)
	if e := next(); e.name != "topic" || !strings.Contains(e.data, `id="t-t2"`) {
		t.Errorf("first: %+v", e)
	}
	if err := r.messages.Share(t.Context(), "acme", "t1"); err != nil {
		t.Fatal(err)
	}
	if e := next(); e.name != "topic" || !strings.Contains(e.data, `id="t-t1"`) || e.id != "3" {
		t.Errorf("shared: %+v", e)
	}
}
