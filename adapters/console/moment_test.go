package console

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/bot"
)

// opens and closes are the marks of a moment, which no page may show.
const opens, closes = "\uE0F0", "\uE0F1"

func unmarked(t *testing.T, name, html string) {
	t.Helper()
	if strings.Contains(html, opens) || strings.Contains(html, closes) {
		t.Errorf("%s keeps a mark: %s", name, html)
	}
}

// Each card that the bot draws is drawn without a mark, its times as times.
func TestNoMarkReachesAPage(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "cards", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no cards", err)
	}
	r, marked := newRoom(t, nil), 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		var c bot.Card
		if err != nil || json.Unmarshal(b, &c) != nil {
			t.Fatal(file, err)
		}
		got := r.drawn(t, c)
		unmarked(t, file, got)
		texts := c.Title + c.Status + c.Body + c.Next + c.Footer
		for _, f := range c.Fields {
			texts += f.Value
		}
		n := strings.Count(texts, opens)
		if times := strings.Count(got, "<time datetime=") - 1; times != n { // one is the message's own
			t.Errorf("%s has %d moments, and %d times in %s", file, n, times, got)
		}
		marked += n
	}
	if marked == 0 {
		t.Error("no card has a moment")
	}
}

// Whoever writes a mark where none belongs finds it gone, in every text there is.
func TestNoForgedMark(t *testing.T) {
	t.Parallel()
	const evil = opens + "5|<b>never" + closes + opens + "6"
	r := newRoom(t, nil)
	c := bot.Card{
		Title: evil, Status: evil, Tone: evil, Body: evil, Prose: evil, Next: evil, Footer: evil, Fallback: evil, Draft: evil,
		Fields: []bot.Field{{Name: evil, Value: evil}}, Lines: []bot.Line{{Action: evil, Resource: evil, Attribute: evil, Before: evil, After: evil}},
		Buttons: []bot.Button{{Label: evil, Verb: evil, Value: evil, Style: evil}, {Label: evil, Verb: "answer", Value: evil}},
	}
	got := r.drawn(t, c)
	unmarked(t, "card", got)
	wantNot(t, got, "<b>")
	v := viewer{session: session{ID: "s", Person: "bob"}, actor: actor("bob", evil)}
	at := place{"ops", "t1"}
	for name, data := range map[string]any{
		"modalform": r.modal(v, reply{from: at, to: at, bot: bot.Reply{Modal: &c}}),
		"notice":    r.notices(v, at, said(bot.Reply{Private: evil, Note: &c}))[0],
		"message":   r.message(v, bot.Message{ID: "m", Text: evil, Author: v.actor, At: testTime()}),
	} {
		h, err := r.fragment(name, data)
		if err != nil {
			t.Fatal(err)
		}
		unmarked(t, name, string(h))
		wantNot(t, string(h), "<b>")
	}
	if got := clean("until " + evil); got != "until <b>never6" {
		t.Errorf("%q", got)
	}
}

func TestMomentsAreTimes(t *testing.T) {
	t.Parallel()
	for in, out := range map[string]string{
		"no time":                               "no time",
		opens + "1795521600|12:00 UTC" + closes: `<time datetime="2026-11-24T12:00:00Z">12:00 UTC</time>`,
		`<i> "` + opens + "0|<b>" + closes:      `&lt;i&gt; &#34;<time datetime="1970-01-01T00:00:00Z">&lt;b&gt;</time>`,
		opens + "x|y" + closes:                  "x|y",
	} {
		if got := string(moments(in)); got != out {
			t.Errorf("%q: %s, want %s", in, got, out)
		}
	}
	if !wide(strings.Repeat("x", 61)) || wide(opens+"1795521600|"+strings.Repeat("x", 55)+closes) {
		t.Error("marks count as text")
	}
}

// What one person alone is told has its moments as times, too.
func TestAPrivateAnswerHasTimes(t *testing.T) {
	t.Parallel()
	r := newRoom(t, nil)
	nv := r.notices(viewer{session: session{}}, place{Channel: "infra"}, said(bot.Reply{Private: "Snoozed until " + opens + "1772964600|8 March 10:10 UTC" + closes + "."}))[0]
	got, err := r.fragment("notice", nv)
	if err != nil {
		t.Fatal(err)
	}
	want(t, string(got), `Snoozed until <time datetime="2026-03-08T10:10:00Z">8 March 10:10 UTC</time>.`)
}
