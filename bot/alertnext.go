package bot

import (
	"cmp"
	"slices"
	"strings"

	"interlock/agent"
)

// alertNext says what happens when nobody presses.
func alertNext(a agent.Alert) string {
	switch {
	case goesOn(a):
		return resolver(a) + " has ended this alert; the approval itself still waits until " + clockFrom(a.Opened, a.Ends) + "."
	case a.State == agent.Resolved && a.Why == "" && resolver(a) != "":
		return "It is over: " + resolver(a) + " resolved it."
	case a.State == agent.Resolved:
		return "It is over" + reason(a.Why) + "."
	case a.State == agent.Acknowledged && !a.Ends.IsZero():
		return "The chain has stopped. The alert ends with the approval, which can be decided until " + clockFrom(a.Opened, a.Ends) + "."
	case a.State == agent.Acknowledged:
		return "The chain has stopped. " + plain(a.Owner.Name) + " is reminded if it is not resolved within a day."
	case a.State == agent.Snoozed:
		return snoozeEnds(a)
	}
	return unlessTaken(a) + untilEnds(a)
}

// unlessTaken says who follows while nobody has it.
func unlessTaken(a agent.Alert) string {
	switch next := alertCalls(a); {
	case next != "":
		return "If nobody takes it, " + next + "."
	case !chainHeard(a):
		return "Nobody is left: nobody of the chain was reached. Whoever reads this, take it, and mend the chain."
	}
	return "Everybody of the chain was told. Whoever can, take it."
}

// untilEnds says how long an approval can be decided; of anything else it is empty.
func untilEnds(a agent.Alert) string {
	if a.Ends.IsZero() {
		return ""
	}
	return " It can be decided until " + clockFrom(a.Opened, a.Ends) + "."
}

// snoozeEnds says what follows a snooze.
func snoozeEnds(a agent.Alert) string {
	switch {
	case !a.Ends.IsZero() && !a.Until.Before(a.Ends):
		return "The approval ends then, too: nobody else is called."
	case a.Step >= len(a.Rungs):
		return "Nobody else follows then: everybody of the chain was told."
	}
	return "Then the chain goes on from where it was."
}

// alertCalls are who is called next, and when; empty is nobody.
func alertCalls(a agent.Alert) string {
	to, at := a.Next()
	if len(to) == 0 {
		return ""
	}
	var names []string
	for _, t := range to {
		names = append(names, addressed(t))
	}
	return strings.Join(names, ", ") + " at " + clockFrom(a.Opened, at)
}

// goesOn tells whether somebody ended an alert while the approval that it is about waited.
func goesOn(a agent.Alert) bool {
	return a.State == agent.Resolved && a.Why == "" && !a.Ends.IsZero() && resolver(a) != ""
}

// chainHeard tells whether anybody of the chain itself was reached.
func chainHeard(a agent.Alert) bool {
	return slices.ContainsFunc(a.Told, func(t agent.Telling) bool { return t.Reached() && t.Rung < len(a.Rungs) })
}

// resolver is who pressed last, by name.
func resolver(a agent.Alert) string {
	if n := len(a.Attended); n > 0 {
		return plain(a.Attended[n-1].By.Name)
	}
	return ""
}

// chainCalls say who of its chain was called to a card for approval, and who is next,
// as the alert itself says it.
func chainCalls(a agent.Alert) (called []string, next string) {
	for _, t := range a.Told {
		called = append(called, toldOf(t)+" at "+clockFrom(a.Opened, t.At))
	}
	switch next = alertCalls(a); {
	case a.State == agent.Acknowledged:
		next = "nobody: " + plain(a.Owner.Name) + " has the alert"
	case a.State == agent.Snoozed:
		next = "nobody before " + clockFrom(a.Opened, a.Until) + ": " + plain(a.Owner.Name) + " has snoozed the alert"
	case a.State == agent.Resolved:
		next = "nobody: " + cmp.Or(resolver(a), "somebody") + " has ended the alert"
	case next == "":
		next = "nobody: the chain is at its end"
	}
	return called, next
}
