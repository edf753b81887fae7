package teams

import (
	"strings"
	"unicode/utf8"

	"interlock/bot"
)

// shortened cuts to so many bytes and shows that it did. It never cuts within a
// character; what is cut has its moments in UTC.
func shortened(s string, most int) (short string, whole bool) {
	if len(s) <= most {
		return s, true
	}
	if s = bot.Moments(s, nil); len(s) <= most {
		return s, true
	}
	end := max(0, most-len("…"))
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.TrimSpace(s[:end]) + "…", false
}
