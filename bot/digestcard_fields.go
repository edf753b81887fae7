package bot

import (
	"fmt"
	"strings"
	"time"

	"interlock/agent"
)

func waitingFields(r agent.Report) (fields []Field) {
	for _, w := range r.Waiting[:min(len(r.Waiting), mostNamed)] {
		switch {
		case w.Alert && w.By != "":
			fields = append(fields, Field{"Alert", plain(w.What) + " by " + plain(w.By)})
		case w.Alert:
			fields = append(fields, Field{"Alert", plain(w.What)})
		case w.Code == "":
			fields = append(fields, Field{"Question", w.What + ", for " + plain(w.By) + ", until " + clockFrom(r.Until, w.Until)})
		default:
			fields = append(fields, Field{"Waits: " + w.Code, w.What + ", asked by " + plain(w.By) + ", until " + clockFrom(r.Until, w.Until)})
		}
	}
	if n := len(r.Waiting) + r.Left.Waiting - mostNamed; n > 0 {
		fields = append(fields, Field{"Waits too", count(n, "thing") + "; say approvals"})
	}
	return fields
}

// nightText is what happened, in one line.
func nightText(r agent.Report) string {
	parts := []string{count(len(r.Changes)+r.Left.Changes, "change")}
	if r.Decided > 0 {
		parts = append(parts, decidedText(r))
	} else {
		parts = append(parts, "no approval decided")
	}
	if r.Expired > 0 {
		parts = append(parts, count(r.Expired, "card")+" ended unanswered")
	}
	if r.Broken > 0 {
		parts = append(parts, count(r.Broken, "broken glass"))
	}
	return strings.Join(append(parts, count(r.Refused, "refusal"), fmt.Sprintf("unapproved changes: %d", r.Unapproved)), ", ")
}

func driftedFields(r agent.Report) []Field {
	var open []string
	for _, d := range r.Drifts[:min(len(r.Drifts), mostNamed)] {
		open = append(open, differing(d, r.Until))
	}
	text := "none"
	if len(open) > 0 {
		text = strings.Join(open, "; ")
		if n := len(r.Drifts) + r.Left.Drifts - mostNamed; n > 0 {
			text += fmt.Sprintf("; and %s more", count(n, "stack"))
		}
	}
	return []Field{{"Drift", text + trend(r.Trend)}}
}

// differing says of one stack how much is open, and since when.
func differing(d agent.Differing, now time.Time) string {
	text := d.Stack + " (" + plain(d.Environment) + ")"
	if d.Findings > 0 {
		text += ", " + count(d.Findings, "finding")
		if d.Settled > 0 {
			text += fmt.Sprintf(", %d accepted", d.Settled)
		}
		text += ", since " + clockFrom(now, d.Since)
	}
	if d.Fixing != "" {
		text += ", being fixed by " + d.Fixing
	}
	switch {
	case d.Blind && d.Looked.IsZero():
		text += ", never scanned" + byScanner(d.Scanner)
	case d.Blind:
		text += ", not scanned" + byScanner(d.Scanner) + " since " + clockFrom(now, d.Looked)
	}
	return text
}

// trend compares with a week ago, when that is known.
func trend(days []agent.Count) string {
	const week = 7
	if len(days) <= week {
		return ""
	}
	last, before := days[len(days)-1].N, days[len(days)-1-week]
	switch {
	case last > before.N:
		return " (" + count(last-before.N, "finding") + " more than a week before)"
	case last < before.N:
		return " (" + count(before.N-last, "finding") + " fewer than a week before)"
	}
	return " (as many findings as a week before)"
}

func lateFields(r agent.Report) (fields []Field) {
	for _, l := range r.Late[:min(len(r.Late), mostNamed)] {
		text := "due " + clockFrom(r.Until, l.Due) + ": " + plain(l.Why)
		if l.N > 1 {
			text = fmt.Sprintf("%d times, the last one %s", l.N, text)
		}
		fields = append(fields, Field{"Did not run: " + plain(l.Name), text})
	}
	if n := len(r.Late) + r.Left.Late - mostNamed; n > 0 {
		fields = append(fields, Field{"Did not run either", count(n, "more schedule") + "; say schedules"})
	}
	return fields
}

func dutyFields(r agent.Report) (fields []Field) {
	for _, d := range r.OnCall {
		fields = append(fields, Field{"On call: " + plain(d.Rota), d.Who})
	}
	return fields
}

// headFields anchor the trail outside of the database: whoever rolls that back cannot
// roll the chat back. Its first digits tell it from any other.
func headFields(r agent.Report, head string) []Field {
	if head == "" {
		return nil
	}
	return []Field{{"Head of the trail", head + ", signed " + clockFrom(r.Until, r.Sealed)}}
}
