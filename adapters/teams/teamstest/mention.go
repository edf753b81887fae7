package teamstest

import (
	"html"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	mentions = regexp.MustCompile(`<at>(.*?)</at>`)
	images   = regexp.MustCompile(`data:image/[a-z+.-]+;base64,[A-Za-z0-9+/=]+`)
)

// checkMentions compares the mentions in a text of the bot with its entities:
// each text has one, and each one has its text.
func (s *Server) checkMentions(activity node) error {
	text := activity.text("text")
	var told []string
	for _, e := range activity.nodes("entities") {
		if e.text("type") != "mention" {
			continue
		}
		told = append(told, e.text("text"))
		who := e.node("mentioned").text("id")
		switch {
		case e.text("text") == "" || !strings.Contains(text, e.text("text")):
			s.problem(ruleMention, "an entity mentions %q, which is not in the text", e.text("text"))
			return refuse(http.StatusBadRequest, "BadArgument", "Mention text is not in the text of the message.")
		case s.known(who) == nil && who != s.opts.bot():
			s.problem(ruleMention, "%q mentions %q, whom nobody knows", e.text("text"), who)
		}
	}
	for _, m := range mentions.FindAllString(text, -1) {
		if !slices.Contains(told, m) {
			s.problem(ruleMention, "%q in the text has no entity", m)
		}
	}
	return nil
}

// mentions compares the mentions in a card with its entities.
func (c *checker) mentions(card node) {
	all := strings.Join(c.texts, "\n")
	var told []string
	for _, e := range card.node("msteams").nodes("entities") {
		if e.text("type") != "mention" {
			continue
		}
		told = append(told, e.text("text"))
		if !strings.Contains(all, e.text("text")) {
			c.fail("card.msteams.entities", "%q is not in the card", e.text("text"))
		}
		if e.node("mentioned").text("id") == "" {
			c.fail("card.msteams.entities", "%q mentions nobody", e.text("text"))
		}
	}
	for _, m := range mentions.FindAllString(all, -1) {
		if !slices.Contains(told, m) {
			c.fail("card", "%q has no entity", m)
		}
	}
}

// typed is what a person typed, as Teams tells of it: mentions have entities, and
// the same text is there as HTML.
type typed struct {
	text, html string
	entities   []object
	bot        bool // mentioned
}

// compose reads what a person typed. The lock is held.
func (s *Server) compose(text string, f Form) typed {
	t := typed{}
	n, space := 0, " "
	if f&Nbsp != 0 {
		space = "\u00a0"
	}
	last := 0
	for _, m := range mentions.FindAllStringSubmatchIndex(text, -1) {
		name := text[m[2]:m[3]]
		id := s.named(name)
		if id == "" {
			s.problem(ruleMisuse, "nobody who could be mentioned is called %q", name)
			continue
		}
		t.bot = t.bot || id == s.opts.bot()
		before := text[last:m[0]]
		t.text += before + text[m[0]:m[1]]
		t.html += html.EscapeString(before) + `<span itemtype="http://schema.skype.com/Mention" itemscope="" itemid="` +
			strconv.Itoa(n) + `">` + html.EscapeString(name) + `</span>`
		last = m[1]
		if strings.HasPrefix(text[last:], " ") {
			t.text, t.html, last = t.text+space, t.html+"&nbsp;", last+1
		}
		e := object{"type": "mention", "mentioned": object{"id": id, "name": name}}
		if f&NoEntityText == 0 {
			e["text"] = text[m[0]:m[1]]
		}
		t.entities = append(t.entities, e)
		n++
	}
	t.text += text[last:]
	t.html = "<p>" + t.html + html.EscapeString(text[last:]) + "</p>"
	return t
}

// named is the id of who is called so, the bot first.
func (s *Server) named(name string) string {
	if name == s.opts.BotName {
		return s.opts.bot()
	}
	for _, u := range s.users {
		if u.Name == name {
			return u.ID
		}
	}
	return ""
}
