package agent

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"interlock/rbac"
)

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

// summarize says what happened up to an event, a line each, in at most a quarter of
// the room. It is computed: no model can lose or invent a decision here.
func (s *Session) summarize(sum Summary, room int) string {
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
		return entry{heavy, at + who + " " + verdictEntry(*p.Hold, p.Text)}
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

// verdictEntry is what a person did to a card with their last word.
func verdictEntry(h Hold, reason string) string {
	code := h.Approval.PlanCode()
	switch v := h.Last(); {
	case v.Approve:
		return "approved card " + code
	case v.Back:
		return "took back their approval of card " + code
	case v.Glass:
		return "broke the glass, so that card " + code + " runs without the approvals that are missing: " + short(reason, 200)
	}
	return "declined card " + code + ": " + short(reason, 200)
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
	if p.Result.Label.Integrity != rbac.Trusted {
		text += " [foreign text]"
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
