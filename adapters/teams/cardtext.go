package teams

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"interlock/bot"
)

// sound takes out what JSON and screens cannot show: broken characters, control
// characters and those that reorder others. A text of which nothing is left to
// see is empty.
func sound(s string) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
	if strings.TrimSpace(inUTC(s)) == "" {
		return ""
	}
	return s
}

// shortened cuts to so many bytes and shows that it did. It never cuts within a
// character; what is cut has its moments in UTC.
func shortened(s string, most int) (short string, whole bool) {
	if len(s) <= most {
		return s, true
	}
	if s = inUTC(s); len(s) <= most {
		return s, true
	}
	end := max(0, most-len("…"))
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.TrimSpace(s[:end]) + "…", false
}

// oneRow joins texts and takes the line ends out of them; moments are in UTC.
func oneRow(all ...string) string {
	s := inUTC(strings.Join(all, " "))
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\n", " \u23ce ")), " ")
}

// written is the whole card as plain text.
func written(c bot.Card) string {
	var facts []string
	for _, f := range c.Fields {
		facts = append(facts, f.Name+": "+f.Value)
	}
	rows, more := changes(c.Lines, func(s string) string { return s })
	var lines []string
	for _, r := range rows {
		lines = append(lines, r.indented())
	}
	lines = append(lines, counted(more))
	var parts []string
	for _, part := range []string{
		c.Title + "\n" + c.Status, c.Body, strings.Join(facts, "\n"), strings.Join(lines, "\n"), c.Prose, c.Next, c.Footer,
	} {
		if part = sound(inUTC(part)); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "\n\n") + "\n"
}

// inUTC is a text with its moments in UTC. Within a moment of somebody else's
// making there may be a mark again, which a second look takes out.
func inUTC(s string) string { return bot.Moments(bot.Moments(s, nil), nil) }
