package agent

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// wording is what was said between two events, word for word. The mark before
// each part is what a line of the summary names.
func (s *Session) wording(from, through int64) string {
	var b strings.Builder
	for _, ev := range s.Events {
		if ev.Seq < from || ev.Seq > through {
			continue
		}
		if text := words(ev); text != "" {
			fmt.Fprintf(&b, "%s %s by %s at %s\n%s\n\n", mark(ev.Seq), ev.Kind, line(ev.Actor.Name), ev.At.UTC().Format(time.RFC3339), text)
		}
	}
	return b.String()
}

func mark(seq int64) string { return fmt.Sprintf("#%d", seq) }

func words(ev Event) string {
	switch p := ev.Payload; ev.Kind {
	case KindStep:
		text := p.Step.Text
		for _, c := range p.Step.Calls {
			text += "\ncall " + c.Tool + " " + string(c.Args)
		}
		return text
	case KindResult:
		return p.Call.Tool + " " + string(p.Call.Args) + "\n" + told(ev).Text
	case KindFinding:
		return scanText(*p.Scan)
	case KindSummary, KindStarted:
		return ""
	default:
		return p.Text
	}
}

// headTail shortens a text in the middle, at whole characters.
func headTail(text string, head, tail int, between string) string {
	if len(text) <= head+tail {
		return text
	}
	h, t := text[:head], text[len(text)-tail:]
	for len(h) > 0 && !utf8.RuneStart(text[len(h)]) {
		h = h[:len(h)-1]
	}
	for len(t) > 0 && !utf8.RuneStart(t[0]) {
		t = t[1:]
	}
	return h + between + t
}

// shorten keeps a long result whole as an artifact, and its head and tail in the
// log with the handle to read more.
func (u *run) shorten(ctx context.Context, res *ToolResult) error {
	if len(res.Text) <= longResult || u.Artifacts == nil {
		return nil
	}
	id, err := u.keep(ctx, KindOutput, res.Text, res.Label)
	if err != nil {
		return fmt.Errorf("keep output: %w", err)
	}
	res.More = id
	res.Text = headTail(res.Text, headOf, tailOf, fmt.Sprintf(
		"\n[%d bytes are left out here: read_more {\"handle\": %q, \"from\": %d} shows them]\n", len(res.Text)-headOf-tailOf, id, headOf))
	return nil
}

// short is the beginning of a text in one line of at most n characters.
func short(s string, n int) string {
	more := len(s) > 8*n
	if more {
		s = strings.ToValidUTF8(s[:8*n], "")
	}
	s = line(s)
	if r := []rune(s); len(r) > n {
		s, more = string(r[:n]), true
	}
	if more {
		s += "..."
	}
	return s
}
