package notify

import (
	"fmt"
	"slices"
	"strings"

	"interlock/agent"
)

// Message is what one target reads: one notice, or a burst with a line for each. ID
// is the same when it is sent again, so that a receiver can tell a repeat. To are
// mail addresses that take the place of the service's own.
type Message struct {
	Notice
	ID    string
	To    []string
	Lines []string
	Count int
}

// message writes a bundle down as its target may read it.
func (r *Router) message(b Bundle) Message {
	m := Message{ID: b.ID, Count: b.Count}
	if len(b.Top) == 0 { // its events were erased meanwhile
		m.Notice = Notice{Org: b.Org, Severity: Info, Title: "Something happened", Body: "What it was has been erased."}
		return m
	}
	rules := r.Rules(b.Org)
	var all []Notice
	for _, n := range b.Top {
		all = append(all, rules.tame(rules.complete(n), b.Way))
	}
	if m.Notice = all[0]; b.Count > 1 {
		m.Notice = burst(b, all)
		m.Lines = lines(b, all)
	}
	if b.More > 0 {
		m.Body = strings.TrimSpace(fmt.Sprintf("%s The same happened %d more times since this was told last.", m.Body, b.More))
	}
	m.Notice.To = nil
	return m
}

// tame leaves what a room may not read to the rooms that may. Persons and services
// are the administrator's own choice.
func (r Rules) tame(n Notice, way string) Notice {
	if outside(way) || strings.HasPrefix(way, toChain) || direct(way) || r.shown(n, way) {
		return n
	}
	return Notice{
		ID: n.ID, Org: n.Org, Type: n.Type, Severity: n.Severity, At: n.At, Key: n.Key, Step: n.Step,
		Title: general(n.Type), Body: "Its details are told in its own rooms only.",
	}
}

// direct tells whether a room is one person's own.
func direct(way string) bool {
	_, channel, _ := strings.Cut(way, ":")
	return strings.HasPrefix(channel, "@")
}

// burst is what many notices are in one: how many of what.
func burst(b Bundle, all []Notice) Notice {
	tallies := slices.Clone(b.Tallies)
	slices.SortStableFunc(tallies, func(x, y Tally) int { return Usual(y.Type).Rank() - Usual(x.Type).Rank() })
	var parts []string
	for _, t := range tallies {
		parts = append(parts, counted(t.Type, t.Count))
	}
	n := Notice{ID: b.ID, Org: b.Org, Type: all[0].Type, Severity: all[0].Severity, At: all[0].At, Title: strings.Join(parts, ", ")}
	if len(parts) > 3 {
		n.Title = fmt.Sprintf("%d things happened: %s and more", b.Count, strings.Join(parts[:3], ", "))
	}
	n.Facts = []agent.Fact{agent.Moment("Since", b.Since)}
	return n
}

// lines names each of a burst, the most severe first, as many as there are names for.
func lines(b Bundle, all []Notice) (lines []string) {
	for _, n := range all {
		lines = append(lines, "• "+n.Title)
	}
	if rest := b.Count - len(all); rest > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", rest))
	}
	return lines
}
