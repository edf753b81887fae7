package bot

import (
	"strconv"
	"strings"
	"time"
)

// A moment in a text of a card stands between two private-use characters, which
// plain takes out of every text from outside, so that nobody else can write one:
// opening, Unix seconds, a bar, the moment in UTC, closing.
const (
	momentOpens  = '\uE0F0'
	momentCloses = '\uE0F1'
)

// moment is t as a platform can show it in the reader's zone.
func moment(t time.Time, utc string) string {
	return string(momentOpens) + strconv.FormatInt(t.Unix(), 10) + "|" + utc + string(momentCloses)
}

// Moments replaces each moment of a text by what write makes of it; utc is how
// it reads in UTC. A nil write leaves utc. What is no whole moment, or has
// a mark within it, loses its marks.
func Moments(text string, write func(t time.Time, utc string) string) string {
	if !strings.ContainsRune(text, momentOpens) && !strings.ContainsRune(text, momentCloses) {
		return text
	}
	var b strings.Builder
	for text != "" {
		before, rest, _ := strings.Cut(text, string(momentOpens))
		b.WriteString(strings.ReplaceAll(before, string(momentCloses), ""))
		inner, after, whole := strings.Cut(rest, string(momentCloses))
		secs, utc, ok := strings.Cut(inner, "|")
		n, err := strconv.ParseInt(secs, 10, 64)
		switch {
		case !whole || !ok || err != nil || strings.ContainsRune(utc, momentOpens):
			text = rest
			continue
		case write == nil:
			b.WriteString(utc)
		default:
			b.WriteString(write(time.Unix(n, 0).UTC(), utc))
		}
		text = after
	}
	return b.String()
}
