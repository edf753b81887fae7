package bot

import (
	"cmp"

	"interlock/agent"
)

// needsText counts what needs a person, and says how much of it is a change whose end
// somebody has to look at.
func needsText(r agent.Report) string {
	text := count(r.Needs, "thing") + " for people today"
	if n := len(r.Unsure) + r.Left.Unsure; n > 0 {
		text += " (" + count(n, "change") + " to look at)"
	}
	return text
}

// unsureFields are the changes that did not end as applied: nothing needs people more.
func unsureFields(r agent.Report) (fields []Field) {
	for _, ch := range r.Unsure[:min(len(r.Unsure), mostNamed)] {
		text := ended(ch) + " at " + clockFrom(r.Until, ch.At) + ", asked by " + plain(ch.By) + "; look at it"
		if ch.Stack != "" {
			text += ", then scan " + ch.Stack
		}
		fields = append(fields, Field{"Look at " + cmp.Or(ch.Stack, "a change"), text})
	}
	if n := len(r.Unsure) + r.Left.Unsure - mostNamed; n > 0 {
		fields = append(fields, Field{"Look at these too", count(n, "more change")})
	}
	return fields
}

// ended says how a change ended: of one that says only "look", that nobody knows.
func ended(ch agent.Changed) string {
	if ch.Outcome == "look" {
		return "not known whether it was applied,"
	}
	return plain(ch.Outcome)
}
