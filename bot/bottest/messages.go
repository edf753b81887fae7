package bottest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot"
	"interlock/rbac"
)

// TestMessages is what every bot.Messages must do. Open gives an empty one that
// knows agenttest.Org and agenttest.Rival.
func TestMessages(t *testing.T, open func(t *testing.T) bot.Messages) {
	for name, test := range map[string]func(t *testing.T, m bot.Messages){
		"what was said is read":     saidIsRead,
		"a message is redrawn":      redrawn,
		"threads and topics":        topics,
		"open ones come first":      openFirst,
		"alone is no topic":         aloneIsNoTopic,
		"a marker finds its card":   marked,
		"only with the Org":         messagesOfOrgs,
		"every change has a number": numberedChanges,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func message(org, id, thread string) bot.Message {
	return bot.Message{
		ID: id, Org: org, Thread: agenttest.Thread(thread), Author: agenttest.Person(org, "alice"), Text: "said " + id, At: agenttest.Now(),
	}
}

func mustSay(t *testing.T, m bot.Messages, say bot.Message) bot.Message {
	t.Helper()
	got, err := m.Say(t.Context(), say)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// read lists the ids that Read gives.
func read(t *testing.T, m bot.Messages, org, thread string, after int64, limit int) (ids []string) {
	t.Helper()
	all, err := m.Read(t.Context(), org, agenttest.Thread(thread), after, limit)
	if err != nil {
		t.Fatal(err)
	}
	for i, one := range all {
		if one.Seq <= after || i > 0 && one.Seq <= all[i-1].Seq {
			t.Errorf("number %d of %s is out of order", one.Seq, one.ID)
		}
		ids = append(ids, one.ID)
	}
	return ids
}

func saidIsRead(t *testing.T, m bot.Messages) {
	words, card := message(agenttest.Org, "1", "1"), message(agenttest.Org, "2", "1")
	card.Author, card.Text = rbac.Actor{}, ""
	card.Card = &bot.Card{
		Title: "Apply?", Fields: []bot.Field{{Name: "Stack", Value: "<web>"}}, Lines: []bot.Line{{Action: "update", Resource: "a.b"}},
		Buttons: []bot.Button{{Label: "Approve", Verb: "approve", Value: "h.7f3a-91c2", Style: bot.Primary}}, Marker: "mark",
	}
	for _, say := range []*bot.Message{&words, &card} {
		got := mustSay(t, m, *say)
		if got.Seq == 0 {
			t.Fatal("said without a number")
		}
		say.Seq = got.Seq
		equal(t, "what Say returns", got, *say)
	}
	other := message(agenttest.Org, "1", "elsewhere")
	other.Text = "something else"
	equal(t, "the same ID twice", mustSay(t, m, other), words)
	all, err := m.Read(t.Context(), agenttest.Org, agenttest.Thread("1"), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "what Read returns", all, []bot.Message{words, card})
}

func redrawn(t *testing.T, m bot.Messages) {
	first := mustSay(t, m, message(agenttest.Org, "1", "1"))
	second := mustSay(t, m, message(agenttest.Org, "2", "1"))
	got, err := m.Redraw(t.Context(), agenttest.Org, "1", bot.Card{Title: "new"})
	if err != nil {
		t.Fatal(err)
	}
	want := first
	want.Seq, want.Card, want.Edited = got.Seq, &bot.Card{Title: "new"}, true
	equal(t, "what Redraw returns", got, want)
	if got.Seq <= second.Seq {
		t.Errorf("redrawn as number %d after %d", got.Seq, second.Seq)
	}
	equal(t, "what is new", read(t, m, agenttest.Org, "1", second.Seq, 10), []string{"1"})
	if _, err := m.Redraw(t.Context(), agenttest.Org, "none", bot.Card{}); !errors.Is(err, agent.ErrNotFound) {
		t.Errorf("an unknown message: %v", err)
	}
}

func topics(t *testing.T, m bot.Messages) {
	for _, say := range [][2]string{{"1", "1"}, {"2", "2"}, {"1a", "1"}, {"3", "3"}, {"2a", "2"}} {
		mustSay(t, m, message(agenttest.Org, say[0], say[1]))
	}
	apart := message(agenttest.Org, "x", "x")
	apart.Thread.Channel = "private"
	mustSay(t, m, apart)
	if _, err := m.Redraw(t.Context(), agenttest.Org, "1", bot.Card{}); err != nil { // moves no topic
		t.Fatal(err)
	}
	for _, c := range []struct {
		skip, limit int
		want        []string
	}{{0, 2, []string{"2", "3"}}, {0, 9, []string{"2", "3", "1"}}, {2, 9, []string{"1"}}, {3, 9, nil}} {
		equal(t, fmt.Sprint("topics from ", c.skip, " up to ", c.limit), listed(t, m, c.skip, c.limit), c.want)
	}
	equal(t, "a thread", read(t, m, agenttest.Org, "2", 0, 10), []string{"2", "2a"})
	equal(t, "a channel", read(t, m, agenttest.Org, "", 0, 10), []string{"2", "1a", "3", "2a", "1"})
	equal(t, "a part", read(t, m, agenttest.Org, "", 0, 2), []string{"2", "1a"})
}

// listed are the ids of topics.
func listed(t *testing.T, m bot.Messages, skip, limit int) (ids []string) {
	t.Helper()
	all, err := m.Topics(t.Context(), agenttest.Org, "console", "ops", skip, limit)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		ids = append(ids, one.ID)
	}
	return ids
}

// A thread with an open card comes before younger ones, as long as it is open.
func openFirst(t *testing.T, m bot.Messages) {
	card := message(agenttest.Org, "1", "1")
	card.Card = &bot.Card{Title: "drift", Open: true}
	mustSay(t, m, card)
	later := message(agenttest.Org, "2a", "2")
	later.Card = &bot.Card{Title: "closed"}
	for _, say := range []bot.Message{message(agenttest.Org, "2", "2"), later, message(agenttest.Org, "3", "3")} {
		mustSay(t, m, say)
	}
	equal(t, "one is open", listed(t, m, 0, 9), []string{"1", "3", "2"})
	for _, c := range []struct {
		id   string
		open bool
		want []string
	}{{"2a", true, []string{"2", "1", "3"}}, {"1", false, []string{"2", "3", "1"}}, {"2a", false, []string{"3", "2", "1"}}} {
		if _, err := m.Redraw(t.Context(), agenttest.Org, c.id, bot.Card{Open: c.open}); err != nil {
			t.Fatal(err)
		}
		equal(t, fmt.Sprint(c.id, " is open: ", c.open), listed(t, m, 0, 9), c.want)
	}
}

// What its author alone was answered is no topic until it is shared or goes on.
func aloneIsNoTopic(t *testing.T, m bot.Messages) {
	for _, id := range []string{"1", "2", "3"} {
		alone := message(agenttest.Org, id, id)
		alone.Alone = true
		if got := mustSay(t, m, alone); !got.Alone {
			t.Errorf("said as %+v", got)
		}
	}
	equal(t, "all are alone", listed(t, m, 0, 9), []string(nil))
	mustSay(t, m, message(agenttest.Org, "2a", "2"))
	equal(t, "one went on", listed(t, m, 0, 9), []string{"2"})
	if err := m.Share(t.Context(), agenttest.Rival, "1"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time changes nothing
		if err := m.Share(t.Context(), agenttest.Org, "1"); err != nil {
			t.Fatal(err)
		}
		equal(t, "one was shared", listed(t, m, 0, 9), []string{"2", "1"})
	}
	all, err := m.Read(t.Context(), agenttest.Org, agenttest.Thread("1"), 4, 9)
	if err != nil || len(all) != 1 || all[0].Alone {
		t.Errorf("what is new of the shared one: %+v, %v", all, err)
	}
}

func marked(t *testing.T, m bot.Messages) {
	post := message(agenttest.Org, "1", "1")
	post.Card = &bot.Card{Title: "old", Marker: "mark"}
	mustSay(t, m, post)
	mustSay(t, m, message(agenttest.Org, "2", "1"))
	if _, err := m.Redraw(t.Context(), agenttest.Org, "1", bot.Card{Title: "new", Marker: "other"}); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := m.Marked(t.Context(), agenttest.Org, "mark"); !ok || err != nil || got.ID != "1" || got.Card.Title != "new" {
		t.Errorf("marked is %+v (%v), %v", got, ok, err)
	}
	for _, c := range [][2]string{{agenttest.Org, "none"}, {agenttest.Org, ""}, {agenttest.Rival, "mark"}} {
		if got, ok, err := m.Marked(t.Context(), c[0], c[1]); ok || err != nil {
			t.Errorf("%v finds %+v, %v", c, got, err)
		}
	}
}

func messagesOfOrgs(t *testing.T, m bot.Messages) {
	mustSay(t, m, message(agenttest.Org, "1", "1"))
	theirs := mustSay(t, m, message(agenttest.Rival, "1", "1"))
	if theirs.Org != agenttest.Rival {
		t.Errorf("said in another Org: %+v", theirs)
	}
	equal(t, "of a stranger", read(t, m, "nobody", "1", 0, 10), []string(nil))
	if _, err := m.Redraw(t.Context(), "nobody", "1", bot.Card{}); !errors.Is(err, agent.ErrNotFound) {
		t.Errorf("redrawn by a stranger: %v", err)
	}
}

func numberedChanges(t *testing.T, m bot.Messages) {
	const writers = 8
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			id := fmt.Sprint(w)
			if _, err := m.Say(t.Context(), message(agenttest.Org, id, "1")); err != nil {
				t.Error(err)
			}
			if _, err := m.Redraw(t.Context(), agenttest.Org, id, bot.Card{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if ids := read(t, m, agenttest.Org, "1", 0, 100); len(ids) != writers {
		t.Errorf("read %v", ids)
	}
}
