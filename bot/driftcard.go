package bot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"interlock/agent"
)

// Verbs and labels of the card that stands for a stack's drift. The value is the stack.
const (
	verbKeep    = "keep"
	verbExplain = "explain"
	verbAccept  = "accept"
	verbMine    = "mine"
	verbIgnore  = "ignore"

	labelKeep    = "Keep, write into code"
	labelExplain = "Explain"
	labelAccept  = "Accept until"
	labelMine    = "Mine"
	labelIgnore  = "Ignore this attribute"
)

// driftKey names the message that stands for a drift: one for a stack while it drifts,
// or one for all stacks with the same change.
func driftKey(d agent.Drift) string { return "drift/" + d.Thread.ID }

// driftCard is the living card of a stack that differs from its code. Each scan and each
// judgement redraws it, until the drift is gone.
func driftCard(d agent.Drift) Card {
	switch {
	case d.Joined:
		return joinedCard(d)
	case len(d.Alike) > 0:
		return alikeCard(d)
	}
	c := Card{Fields: append([]Field{{"Where", d.Stack + " (" + d.Environment + ")"}}, driftFields(d)...), Lines: driftLines(d)}
	blind := d.Blind()
	switch settled := d.Settled(); {
	case !d.Open():
		c.Title, c.Status, c.Tone = d.Stack+" matches its code", "no drift any more", Good
		if len(agent.Of(d.Gone, "")) == 0 && len(d.Gone) > 0 {
			c.Title, c.Status = d.Stack+" keeps its rules", "no finding any more"
		}
		c.Body = driftGone(d)
		c.Fallback = c.Title + ": " + c.Status
		return c
	case len(d.Findings) == 0:
		return unscannedCard(d, c, blind)
	case settled == len(d.Findings):
		c.Status = "all of it accepted"
		c.Next = "It is told again when an acceptance ends, or when the world moves on."
	case d.Fixing != nil:
		c.Tone, c.Status = Waiting, "being fixed: "+fixing(*d.Fixing)
		c.Next = "Plan code " + d.Fixing.PlanCode + " puts it back; its card is in this thread."
	default:
		c.Tone, c.Status = Bad, driftStatus(d)
	}
	c.Title = driftTitle(d)
	c.Buttons = driftButtons(d)
	if c.Next == "" && c.Buttons[0].Verb == verbFix {
		c.Next = labelFix + " plans the reviewed code and asks for approval. Nothing changes before that."
	}
	if len(blind) > 0 {
		c.Body = unseenBy(d, blind)
	}
	first := sentence(d.Findings[0])
	if c.Fallback = c.Title + ", " + first; c.Body == "" && d.Open() { // what differs stands before the buttons
		c.Body = first
		if n := len(d.Findings) - 1; n > 0 {
			c.Body += ", and " + count(n, "more finding")
		}
		c.Body += "."
	}
	return c
}

// driftTitle says what differs: the world from the code, or the code from a scanner's rules.
func driftTitle(d agent.Drift) string {
	if found := agent.Of(d.Findings, ""); len(found) > 0 {
		return fmt.Sprintf("%s drifted: %s", d.Stack, count(resources(found), "resource"))
	}
	return fmt.Sprintf("%s: %s of a scanner", d.Stack, count(len(d.Findings), "finding"))
}

func byScanner(name string) string {
	if name == "" {
		return ""
	}
	return " by " + plain(name)
}

// alikeCard stands for all stacks that show the same change. One that shows it no more is
// left out: it is drawn by one of those that do.
func alikeCard(d agent.Drift) Card {
	stacks := append(slices.Clone(d.Alike), d.Stack)
	slices.Sort(stacks)
	c := Card{
		Title: "The same drift in " + count(len(stacks), "stack"), Status: count(len(stacks), "stack") + " open", Tone: Bad,
		Fields: append([]Field{{"Where", plain(strings.Join(stacks, ", "))}}, driftFields(d)...), Lines: driftLines(d), Buttons: driftButtons(d),
		Next: "One message stands for all of them, because they show the same change. Its buttons are about " + d.Stack + "; say scan STACK for another.",
	}
	if d.Settled() == len(d.Findings) {
		c.Tone, c.Status = Neutral, "accepted"
	}
	c.Fallback = c.Title
	if len(d.Findings) > 0 {
		c.Fallback += ", " + sentence(d.Findings[0])
	}
	return c
}

// joinedCard is what is left of a card when its stack is told with others from then on.
func joinedCard(d agent.Drift) Card {
	c := Card{
		Title: driftTitle(d), Status: "told with others",
		Fields: []Field{{"Where", plain(d.Stack) + " (" + d.Environment + ")"}},
		Body:   "At least " + count(len(d.Alike)+1, "stack") + " show the same change. One message in this channel stands for all of them.",
		Next:   "Its buttons are on that message.",
	}
	c.Fallback = c.Title + ", told with others from now on"
	return c
}

// fixing says how far a change is that puts a stack right.
func fixing(f agent.Fixing) string {
	switch f.State {
	case agent.Open.String():
		return "a card waits for approval"
	case agent.Approved.String():
		return "approved"
	}
	return "it runs"
}

// unseenBy says since when scanners cannot look, and why.
func unseenBy(d agent.Drift, blind []string) string {
	var parts []string
	for _, scanner := range blind {
		s := d.Sights[scanner]
		parts = append(parts, "Not scanned"+byScanner(scanner)+" since "+dated(s.Failing)+": "+plain(s.Failed))
	}
	return strings.Join(parts, "\n")
}

func unscannedCard(d agent.Drift, c Card, blind []string) Card {
	if len(blind) == 0 { // never so: what is open differs, or is not seen
		blind = []string{""}
	}
	scanner, sight := blind[0], d.Sights[blind[0]]
	c.Title, c.Status, c.Tone = d.Stack+" was not scanned"+byScanner(scanner), "not scanned", Bad
	if c.Body = plain(sight.Failed); len(blind) > 1 {
		c.Body = unseenBy(d, blind)
	}
	c.Next = "Whether it drifted is not known. Mend the cause, then scan again."
	if scanner != "" {
		c.Next = "Whether it keeps the rules is not known. Mend the cause; the next scan tells."
	}
	c.Buttons = []Button{{Label: labelScan, Verb: verbScan, Value: d.Stack}}
	c.Fallback = c.Title + ": " + plain(sight.Failed)
	return c
}

// driftStatus counts the findings by how they are judged.
func driftStatus(d agent.Drift) string {
	open, owned, settled := 0, 0, d.Settled()
	for _, f := range d.Findings {
		switch {
		case f.Accepted != nil:
		case f.Owner != nil:
			owned++
		default:
			open++
		}
	}
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{open, "open"}, {owned, "taken"}, {settled, "accepted"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	return strings.Join(parts, ", ")
}

// driftFields are the facts, those that say what to do first.
func driftFields(d agent.Drift) (fields []Field) {
	add := func(name, value string) {
		if value != "" {
			fields = append(fields, Field{name, value})
		}
	}
	if blind := d.Blind(); len(blind) > 0 && len(d.Findings) == 0 {
		add("Failing since", dated(d.Sights[blind[0]].Failing))
		add("Last scan", everSeen(d.Scanned))
	} else if len(d.Findings) > 0 {
		add("Since", dated(d.Findings[0].Since)+"; last clean "+everSeen(d.Clean))
	}
	if len(agent.Of(d.Findings, "")) > 0 {
		add("World changed by", "unknown (no audit log)")
	}
	add("Code", codeOf(d))
	add("Also pending in the code", d.Pending)
	if d.Ignored > 0 {
		add("Ignored by the stack's rules", count(d.Ignored, "finding"))
	}
	add("Taken by", strings.Join(owners(d.Findings), ", "))
	add("Accepted", acceptances(d.Findings))
	return fields
}

// codeOf is the code that was scanned, and who changed it last.
func codeOf(d agent.Drift) string {
	text, a := short(d.Commit), d.Authored
	if a == nil {
		return text
	}
	text += ", changed last by " + plain(a.By) + " at " + dated(a.At)
	if a.Commit != d.Commit {
		text += " in " + short(a.Commit)
	}
	return text
}

// everSeen is a moment that may never have been.
func everSeen(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return dated(t)
}

func owners(all []agent.Finding) (names []string) {
	for _, f := range all {
		if f.Owner != nil && f.Accepted == nil && !slices.Contains(names, plain(f.Owner.Name)) {
			names = append(names, plain(f.Owner.Name))
		}
	}
	return names
}

// acceptances says until when, by whom and why, once for each.
func acceptances(all []agent.Finding) string {
	var parts []string
	for _, f := range all {
		if a := f.Accepted; a != nil {
			if text := "until " + dated(a.Until) + " by " + plain(a.By.Name) + ": " + plain(a.Because); !slices.Contains(parts, text) {
				parts = append(parts, text)
			}
		}
	}
	return strings.Join(parts, "; ")
}

// driftLines are the findings, those that nobody has judged first.
func driftLines(d agent.Drift) (lines []Line) {
	all := slices.Clone(d.Findings)
	slices.SortStableFunc(all, func(a, b agent.Finding) int { return cmp.Compare(judged(a), judged(b)) })
	for _, f := range all {
		action := [...]string{"drift", "taken", "accepted"}[judged(f)]
		if f.Scanner != "" {
			lines = append(lines, Line{Action: cmp.Or(plain(f.Severity), "rule"), Resource: plain(f.Resource), Attribute: plain(f.Rule), After: plain(f.Title)})
			continue
		}
		lines = append(lines, Line{Action: action, Resource: plain(f.Resource), Attribute: plain(f.Attribute), Before: "code " + plain(f.Code), After: "real " + plain(f.Real)})
	}
	return cut(lines, most)
}

func judged(f agent.Finding) int {
	switch {
	case f.Accepted != nil:
		return 2
	case f.Owner != nil:
		return 1
	}
	return 0
}

func driftGone(d agent.Drift) string {
	if len(d.Gone) == 0 {
		return "It can be scanned again, and nothing differs."
	}
	return count(len(d.Gone), "finding") + " gone: " + sentence(d.Gone[0]) + "."
}

// driftButtons are what people can do about it. Compliance alone has nothing to put back.
func driftButtons(d agent.Drift) (all []Button) {
	drifts := len(agent.Of(d.Findings, "")) > 0
	if drifts && d.Fixing == nil {
		all = append(all, Button{Label: labelFix, Verb: verbFix, Value: d.Stack, Style: Primary})
	}
	if drifts {
		all = append(all, Button{Label: labelKeep, Verb: verbKeep, Value: d.Stack})
	}
	all = append(all, Button{Label: labelExplain, Verb: verbExplain, Value: d.Stack})
	if d.Settled() < len(d.Findings) {
		all = append(all, Button{Label: labelAccept, Verb: verbAccept, Value: d.Stack + "#" + d.Unsettled(), Opens: true}, Button{Label: labelMine, Verb: verbMine, Value: d.Stack})
	}
	if drifts {
		all = append(all, Button{Label: labelIgnore, Verb: verbIgnore, Value: d.Stack, Opens: true})
	}
	return append(all, Button{Label: labelScan, Verb: verbScan, Value: d.Stack})
}
