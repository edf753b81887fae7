package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"interlock/rbac"
)

// Kinds of artifacts that the agent itself keeps, and for how long: longer than
// anybody works in one thread.
const (
	KindOutput = "output" // of a tool, whole
	KindLog    = "log"    // words that were compacted
	keptFor    = 30 * 24 * time.Hour
)

// Sizes in bytes. A result longer than longResult goes on record by its head and
// tail; what both leave out is an artifact.
const (
	longResult = 16 << 10
	headOf     = 10 << 10
	tailOf     = 4 << 10
)

// compact writes a summary of all events but the newest, so that what a model is
// told of the rest takes at most room bytes. It answers false when there is
// nothing left to sum up.
func (u *run) compact(ctx context.Context, room int) (bool, error) {
	through := u.s.cut(u.turn, room)
	from := int64(1)
	if sum := u.s.summary(); sum != nil {
		from = sum.Through + 1
	}
	if through < from {
		return false, nil
	}
	sum := Summary{From: from, Through: through}
	if u.Artifacts != nil {
		id, err := u.keep(ctx, KindLog, u.s.wording(from, through), u.s.Label())
		if err != nil {
			return false, fmt.Errorf("keep log: %w", err)
		}
		sum.Kept = id
	}
	sum.Text = u.s.digest(sum, room)
	u.tell("summing up what was said before")
	return true, u.emit(ctx, KindSummary, Payload{Summary: &sum})
}

// keep stores words of this session with their label. Artifacts are found by
// their bytes, so these name the session: what two sessions read is kept twice.
func (u *run) keep(ctx context.Context, kind, text string, l rbac.Label) (string, error) {
	meta, err := json.Marshal(l)
	if err != nil {
		return "", err
	}
	text += "\n[the end; kept for thread " + u.s.ID + "]"
	return u.Artifacts.Keep(ctx, Artifact{
		Org: u.s.Org, Kind: kind, Session: u.s.ID, Meta: meta, Bytes: []byte(text), At: now(), Expires: now().Add(keptFor),
	})
}

// cut is the Seq up to which events are summed up: what stays fits in room, begins
// with a step or an ask, and holds at least the newest step of the turn.
func (s *Session) cut(turn string, room int) int64 {
	newest := len(s.Events)
	for i, ev := range s.Events {
		if ev.Turn == turn && (ev.Kind == KindStep || ev.Kind == KindAsk) {
			newest = i
		}
	}
	at, size := newest, 0
	for i := len(s.Events) - 1; i >= 0; i-- {
		ev := s.Events[i]
		size += sizeOf(ev)
		if i < newest && size > room {
			break
		}
		if i <= newest && (ev.Kind == KindStep || ev.Kind == KindAsk) {
			at = i
		}
	}
	if at == 0 || at >= len(s.Events) {
		return 0
	}
	return s.Events[at].Seq - 1
}

// sizeOf is about how many bytes an event adds to a prompt.
func sizeOf(ev Event) (n int) {
	p := ev.Payload
	switch ev.Kind {
	case KindAsk, KindAnswer, KindStopped, KindGaveUp:
		return len(p.Text) + 60
	case KindResult:
		return len(p.Result.Text) + 200
	case KindFinding:
		return len(scanText(*p.Scan))
	case KindStep:
		n = len(p.Step.Text)
		for _, c := range p.Step.Calls {
			n += len(c.Tool) + len(c.Args) + 80
		}
		for _, b := range p.Step.Blocks {
			if b.Opaque != nil {
				n += len(b.Opaque.Data)
			}
		}
	}
	return n
}

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

// entry is a line of a summary. What weighs least is left out first.
type entry struct {
	weight int
	text   string
}

// Weights of entries.
const (
	light  = iota // calls
	middle        // answers
	heavy         // what people asked and decided, and what was changed
)

// firsts is how many of the heavy lines stay at the beginning, whatever comes:
// what a thread is about is said there.
const firsts = 20

// digest says what happened up to an event, a line each, in at most a quarter of
// the room. It is computed: no model can lose or invent a decision here.
func (s *Session) digest(sum Summary, room int) string {
	var all []entry
	for _, ev := range s.Events {
		if ev.Seq <= sum.Through {
			if e := s.entry(ev); e.text != "" {
				all = append(all, e)
			}
		}
	}
	all, out := fit(all, room/4)
	var b strings.Builder
	fmt.Fprintf(&b, "Summary of this thread up to event %d, computed from its log. A line begins with the number of its event.", sum.Through)
	if out > 0 {
		fmt.Fprintf(&b, " %d lines are left out.", out)
	}
	for _, e := range all {
		b.WriteString("\n" + e.text)
	}
	b.WriteString(handles(s, sum))
	return b.String()
}

// handles names the artifacts that hold the words, newest last.
func handles(s *Session, sum Summary) string {
	text := ""
	for _, ev := range s.Events {
		if p := ev.Payload.Summary; p != nil && p.Kept != "" {
			text += fmt.Sprintf("\nevents %d to %d: %s", p.From, p.Through, p.Kept)
		}
	}
	if sum.Kept != "" {
		text += fmt.Sprintf("\nevents %d to %d: %s", sum.From, sum.Through, sum.Kept)
	}
	if text == "" {
		return ""
	}
	lines := strings.Split(text, "\n")[1:]
	if n := len(lines); n > firsts {
		lines = slices.Concat(lines[:1], lines[n-firsts+1:])
	}
	return "\nThe words themselves: read_more {\"handle\": HANDLE, \"find\": \"#NUMBER\"}, with the handle of\n" + strings.Join(lines, "\n")
}

// entry is the line of one event.
func (s *Session) entry(ev Event) entry {
	at, p := mark(ev.Seq)+" ", ev.Payload
	who := line(ev.Actor.Name)
	switch ev.Kind {
	case KindAsk:
		return entry{heavy, at + who + " asked: " + short(p.Text, 200)}
	case KindResult:
		return resultEntry(at, ev)
	case KindApproval:
		return entry{heavy, at + p.Hold.Call.Tool + " needed approval: card " + p.Hold.Approval.PlanCode() + ", " + line(p.Hold.Approval.Bound.Summary)}
	case KindVerdict:
		if v := p.Hold.Last(); v.Approve {
			return entry{heavy, at + who + " approved card " + p.Hold.Approval.PlanCode()}
		}
		return entry{heavy, at + who + " declined card " + p.Hold.Approval.PlanCode() + ": " + short(p.Text, 200)}
	case KindQuestion:
		return entry{heavy, at + "asked people: " + short(p.Hold.Question.Text, 200)}
	case KindAnswered:
		return entry{heavy, at + who + " answered: " + short(p.Text, 200)}
	case KindClosed, KindStopped, KindGaveUp:
		return entry{heavy, at + "ended: " + short(p.Text, 200)}
	case KindAnswer:
		if p.Text != "" {
			return entry{middle, at + "the model answered: " + short(p.Text, 300)}
		}
	case KindFinding:
		return entry{middle, at + "a scheduled scan of " + p.Scan.Stack + ": " + scanCounts(*p.Scan)}
	}
	return entry{}
}

func resultEntry(at string, ev Event) entry {
	p, weight := ev.Payload, light
	if p.Result.Applied != "" || p.Hold != nil {
		weight = heavy
	}
	facts, _ := json.Marshal(factsOf(p))
	text := at + p.Call.Tool + " " + short(string(p.Call.Args), 120) + " gave"
	if p.Result.Failed {
		text += " a failure:"
	}
	if string(facts) != "{}" {
		text += " " + string(facts)
	}
	return entry{weight, text + " " + short(p.Result.Text, 100)}
}

func scanCounts(n ScanNews) string {
	if n.Failed != "" {
		return "failed: " + short(n.Failed, 100)
	}
	return fmt.Sprintf("%d new, %d known, %d gone", len(n.New), len(n.Known), len(n.Gone))
}

// fit leaves out what weighs least, oldest first, until the rest takes at most
// limit bytes.
func fit(all []entry, limit int) (rest []entry, out int) {
	size := 0
	for _, e := range all {
		size += len(e.text) + 1
	}
	for _, w := range []int{light, middle, heavy} {
		spared := 0
		all = slices.DeleteFunc(all, func(e entry) bool {
			if e.weight != w || size <= limit {
				return false
			}
			if w == heavy && spared < firsts {
				spared++
				return false
			}
			size -= len(e.text) + 1
			out++
			return true
		})
	}
	return all, out
}
