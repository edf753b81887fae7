package slack

import (
	"bytes"
	"image/png"
	"strings"
	"testing"
	"time"

	"interlock/adapters/slack/slacktest"
	"interlock/bot"
)

// charts is a card with two pictures, of which the first shows this many stacks.
func charts(stacks float64) bot.Card {
	from := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	picture := func(title, alt string, values ...float64) bot.Picture {
		s := bot.Series{Name: title}
		for i, v := range values {
			s.Points = append(s.Points, bot.Point{At: from.AddDate(0, 0, i), Value: v})
		}
		return bot.Picture{Title: title, Alt: alt, From: from, Until: from.AddDate(0, 0, 29), Lines: []bot.Series{s}}
	}
	return bot.Card{
		Title: "The night", Status: "1 stack drifts", Tone: bot.Waiting, Fallback: "The night: 1 stack drifts", Footer: "Head of the trail: 7f3a-91c2",
		Buttons: []bot.Button{{Label: "Everything else", Verb: "digest", Value: "D"}},
		Pictures: []bot.Picture{
			picture("Stacks that drift", "Stacks that drift: 5 at most, on 12 March; 1 now.", 1, 3, 5, stacks),
			picture("Time to approve", "Time to approve: <!channel> median of 6 minutes.", 4, 6, 12),
		},
	}
}

func TestPicturesOfACard(t *testing.T) {
	t.Parallel()
	renderGolden(t, "pictures", renderMessage(pictured(charts(1), []string{"F00000001", "F00000002"})))
	renderGolden(t, "pictures-words", renderMessage(draw(charts(1))))
}

func TestPicturesAreUploadedOnce(t *testing.T) {
	o := fast
	o.Processing = 300 * time.Millisecond
	x := open(t, byHTTP, o)
	at := top(x, t)
	ref, err := x.p.Post(t.Context(), org, at, charts(1))
	if err != nil {
		t.Fatal(err)
	}
	m, _ := x.Message(room, ref.MessageID)
	ids := shownFiles(string(m.Blocks))
	if len(ids) != 2 || len(x.Thread(room, at.ID)) != 2 {
		t.Fatalf("files %v in %s", ids, m.Blocks)
	}
	for _, id := range ids {
		f, ok := x.File(id)
		if p, err := png.Decode(bytes.NewReader(f.Content)); !ok || err != nil || p.Bounds().Dx() != pictureSize.Width || f.Channel != "" {
			t.Errorf("%s is %s in %q: %v", id, f.Mimetype, f.Channel, err)
		}
	}
	for _, c := range []struct {
		stacks   float64
		uploaded int
	}{{1, 2}, {4, 3}, {1, 3}} {
		if err := x.p.Edit(t.Context(), org, ref, charts(c.stacks)); err != nil {
			t.Fatal(err)
		}
		m, _ = x.Message(room, ref.MessageID)
		if n := len(shownFiles(string(m.Blocks))); n != 2 || len(x.Calls(methodUpload)) != c.uploaded {
			t.Errorf("%d files are shown, %d were uploaded", n, len(x.Calls(methodUpload)))
		}
	}
}

// shownFiles are the files that blocks show.
func shownFiles(blocks string) (ids []string) {
	for _, part := range strings.Split(blocks, `"slack_file":{"id":"`)[1:] {
		id, _, _ := strings.Cut(part, `"`)
		ids = append(ids, id)
	}
	return ids
}

// Whatever is wrong with pictures, the card is there, with their words.
func TestACardGoesWithoutItsPictures(t *testing.T) {
	for name, spoil := range map[string]func(x *world){
		"no scope":         func(x *world) { x.Inject(methodUpload, slacktest.Fault{Error: "missing_scope", Times: -1}) },
		"uploads are off":  func(x *world) { x.Inject(methodUpload, slacktest.Fault{Error: "file_uploads_disabled", Times: -1}) },
		"no bytes":         func(x *world) { x.Inject("upload", slacktest.Fault{Status: 500, Times: -1}) },
		"not finished":     func(x *world) { x.Inject("files.completeUploadExternal", slacktest.Fault{Status: 500, Times: -1}) },
		"nobody may look":  func(x *world) { x.Inject(methodFile, slacktest.Fault{Error: "missing_scope", Times: -1}) },
		"too many uploads": func(x *world) { x.Inject(methodUpload, slacktest.Fault{Status: 429, RetryAfter: time.Second}) },
	} {
		t.Run(name, func(t *testing.T) {
			x := open(t, byHTTP, fast)
			spoil(x)
			ref, err := x.p.Post(t.Context(), org, top(x, t), charts(1))
			if err != nil {
				t.Fatal(err)
			}
			m, _ := x.Message(room, ref.MessageID)
			if s := string(m.Blocks); len(shownFiles(s)) > 0 || !strings.Contains(s, "5 at most, on 12 March") {
				t.Errorf("blocks %s", s)
			}
			tried := len(x.Calls(methodUpload))
			if err := x.p.Edit(t.Context(), org, ref, charts(2)); err != nil || len(x.Calls(methodUpload)) != tried {
				t.Errorf("the next card tries again at once, %v", err)
			}
		})
	}
}

// When what was wrong is over, the next time that a card is drawn it has its pictures.
func TestPicturesComeLater(t *testing.T) {
	x := open(t, byHTTP, fast)
	x.Inject(methodUpload, slacktest.Fault{Error: "internal_error"})
	ref, err := x.p.Post(t.Context(), org, top(x, t), charts(1))
	if err != nil {
		t.Fatal(err)
	}
	x.p.pictures.rest(time.Time{}) // the minute is over
	if err := x.p.Edit(t.Context(), org, ref, charts(1)); err != nil {
		t.Fatal(err)
	}
	if m, _ := x.Message(room, ref.MessageID); len(shownFiles(string(m.Blocks))) != 2 {
		t.Errorf("blocks %s", m.Blocks)
	}
}

// A file that somebody deleted keeps no card from being posted, and is made anew.
func TestAPictureThatIsGone(t *testing.T) {
	x := open(t, byHTTP, fast)
	at := top(x, t)
	ref, err := x.p.Post(t.Context(), org, at, charts(1))
	if err != nil {
		t.Fatal(err)
	}
	m, _ := x.Message(room, ref.MessageID)
	x.RemoveFile(shownFiles(string(m.Blocks))[1])
	for _, want := range []int{0, 2} {
		if err := x.p.Edit(t.Context(), org, ref, charts(1)); err != nil {
			t.Fatal(err)
		}
		if m, _ = x.Message(room, ref.MessageID); len(shownFiles(string(m.Blocks))) != want {
			t.Errorf("not %d pictures: %s", want, m.Blocks)
		}
	}
}

// Pictures never take a card over Slack's limits, and what is cut is cut in sight.
func TestPicturesKeepTheLimits(t *testing.T) {
	t.Parallel()
	c := charts(1)
	c.Pictures = append(c.Pictures, c.Pictures...)
	for i := range c.Pictures {
		c.Pictures[i].Alt = strings.Repeat("long <words> & more ", 1000)
	}
	for range 7 {
		c.Pictures = append(c.Pictures, bot.Picture{})
	}
	d := pictured(c, []string{"F00000001", "F00000002", "F00000003", "F00000004"})
	text := renderJSON(t, renderMessage(d))
	for _, wrong := range renderChecked(t, text) {
		t.Error(wrong)
	}
	if cost(d.Blocks...) > mostBytes || !strings.Contains(text, "and 7 more charts") || strings.Count(text, "slack_file") != 4 || d.Rest == "" {
		t.Errorf("%d bytes: %s", cost(d.Blocks...), text)
	}
}

func TestFilesAreRememberedUpToALimit(t *testing.T) {
	t.Parallel()
	var s pictures
	for i := range 3 * mostUploaded {
		s.keep([32]byte{byte(i), byte(i >> 8)}, pictureFile{id: "F"})
	}
	if n := len(s.files); n == 0 || n > mostUploaded {
		t.Errorf("%d files", n)
	}
	s.forget([]string{"F"})
	if n := len(s.files); n != 0 {
		t.Errorf("%d files are not forgotten", n)
	}
}
