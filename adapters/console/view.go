package console

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"interlock/bot"
)

// formView is one button of a card as a form: its id is signed for what it does.
type formView struct {
	Action, Verb, Value, Label, Aria, Style string
	ID, CSRF, Channel, Thread               string
}

// groupView is the changed attributes of one resource.
type groupView struct {
	Action, Class, Resource string
	Lines                   []bot.Line
}

type cardView struct {
	bot.Card
	Tone   string // a class
	Word   string // the tone in a word
	Mark   string // the tone as a sign, for the eye alone
	Groups []groupView
	Forms  []formView
	Charts []pictureView
	Plain  bool // only a line of text
	Bare   bool // only buttons
}

type messageView struct {
	ID, Who, Role, Initial, Text string
	Bot, Edited                  bool
	At                           time.Time
	Micro                        string // the time as a number, to put messages in order
	Seq                          int64
	Card                         *cardView
	Spoken                       string // what a screen reader hears of it when it arrives
}

func (p *Platform) message(v viewer, m bot.Message) messageView {
	mv := messageView{
		ID: m.ID, Who: oneLine(m.Author.Name), Role: p.opt.RoleOf(m.Author), Text: clean(m.Text),
		At: m.At, Micro: strconv.FormatInt(m.At.UnixMicro(), 10), Seq: m.Seq, Edited: m.Edited,
	}
	mv.Spoken = mv.Who + ": " + mv.Text
	if m.Card != nil || m.Author.ID == "" {
		mv.Who, mv.Role, mv.Bot = "Interlock", "", true
	}
	mv.Initial = initial(mv.Who)
	if m.Card != nil {
		mv.Card = p.card(v, place{m.Thread.Channel, m.Thread.ID}, *m.Card)
		mv.Card.Charts = picturesOf(m, mv.Card.Charts)
		mv.Spoken = "Interlock: " + m.Card.Fallback
	}
	mv.Spoken = cut(oneLine(mv.Spoken), 300)
	return mv
}

func (p *Platform) card(v viewer, at place, c bot.Card) *cardView {
	cv := &cardView{Card: c, Groups: groups(c.Lines), Charts: pictureViews(c.Pictures)}
	cv.Tone, cv.Word, cv.Mark = tone(c.Tone)
	cv.Plain = c.Title == "" && c.Status == "" && c.Tone == "" && c.Prose+c.Code == "" && len(c.Fields)+len(c.Lines)+len(c.Buttons)+len(c.Pictures) == 0
	cv.Bare = c.Title == "" && c.Status == "" && c.Tone == "" && c.Prose+c.Code == "" && c.Body == "" && c.Next == "" && len(c.Fields)+len(c.Lines)+len(c.Pictures) == 0
	for _, b := range c.Buttons {
		cv.Forms = append(cv.Forms, p.form(v, at, c.Title, b))
	}
	return cv
}

// form turns a button into a form. An answer carries its label as the text.
func (p *Platform) form(v viewer, at place, title string, b bot.Button) formView {
	f := formView{
		Action: "/click", Verb: b.Verb, Value: b.Value, Label: b.Label, Aria: b.Label, Style: style(b.Style),
		CSRF: p.csrf(v.session), Channel: at.Channel, Thread: at.Thread,
	}
	if title != "" {
		f.Aria += ": " + title
	}
	if b.Verb == "answer" {
		f.Action = "/answer"
		f.ID = p.newID(v.session, "answer", at.Channel, at.Thread, b.Value, b.Label)
	} else {
		f.ID = p.newID(v.session, "click", at.Channel, at.Thread, b.Verb, b.Value)
	}
	return f
}

// tone gives class, word and sign. An unknown tone is a neutral one: the status
// says the same in words.
func tone(t bot.Tone) (class, word, mark string) {
	switch t {
	case bot.Waiting:
		return "waiting", "Waiting", "\u25cf"
	case bot.Good:
		return "good", "Good", "\u2713"
	case bot.Bad:
		return "bad", "Attention", "!"
	}
	return "neutral", "", ""
}

func style(s bot.Style) string {
	switch s {
	case bot.Primary, bot.Danger:
		return string(s)
	}
	return "plain"
}

// wide tells whether a value is too long for a column beside others.
func wide(value string) bool {
	const column = 60 // runes
	value = bot.Moments(value, nil)
	return strings.Contains(value, "\n") || utf8.RuneCountInString(value) > column
}

// groups joins the lines that follow each other and are of one resource.
func groups(lines []bot.Line) (gs []groupView) {
	for _, l := range lines {
		if n := len(gs); n > 0 && l.Resource != "" && gs[n-1].Resource == l.Resource && gs[n-1].Action == l.Action {
			gs[n-1].Lines = append(gs[n-1].Lines, l)
			continue
		}
		gs = append(gs, groupView{l.Action, action(l.Action), l.Resource, []bot.Line{l}})
	}
	return gs
}

// action is the class that colours an action; the word is always shown too.
func action(a string) string {
	switch a = strings.ToLower(a); a {
	case "create", "update", "delete", "replace", "drift":
		return a
	}
	return "other"
}
