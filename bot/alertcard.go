package bot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"interlock/agent"
)

// alertKey names the cards of an alert; each room has a copy.
func alertKey(id string) string { return "alert/" + id }

// Rooms are where an event is shown: "" is its own thread. An alert is shown in each
// of its rooms, and has no thread of its own, so that no chat that is down keeps
// another one from ringing. What is shown nowhere has none.
func Rooms(ev agent.Event) []string {
	switch {
	case ev.Kind == agent.KindAlert && ev.Payload.Alert != nil:
		return ev.Payload.Alert.Rooms()
	case Shown(ev):
		return []string{""}
	}
	return nil
}

// elsewhere is all that the title of an alert says where its stack is not spoken of.
const elsewhere = "An alert about something of another channel"

// alertMoved stands in place of a card of an alert when its room was called again: the
// newer one rings, and has the buttons.
func alertMoved(a agent.Alert, room string) Card {
	c := Card{Title: elsewhere, Status: "called again", Body: "Nobody had taken it, so this room was called again: a newer message has its card."}
	if a.Shown(room) {
		c.Title = plain(a.Title)
	}
	c.Fallback = c.Title + ": called again, see the newer message"
	return c
}

// alertIn is an alert as a room may read it: where its stack is not spoken of, that
// there is one, how far it is, and who is called.
func alertIn(a agent.Alert, room string) Card {
	full := alertCard(a)
	called := ""
	if a.Again(room) {
		called = "Called again: "
	}
	if a.Shown(room) {
		full.Title, full.Fallback = called+full.Title, called+full.Fallback
		return full
	}
	c := Card{Title: called + elsewhere, Status: full.Status, Tone: full.Tone, Buttons: full.Buttons, Edition: full.Edition}
	if c.Body = "Its details are told in its own channels only."; a.State == agent.Alerting {
		c.Title += " waits"
		if who := alertCalled(a); who != "" {
			c.Body = who + " is called. " + c.Body
		}
	}
	c.Fallback = Moments(upper(c.Status)+": "+c.Title+". "+c.Body, nil)
	return c
}

// alertCalled are the people who were called last.
func alertCalled(a agent.Alert) string {
	for _, t := range slices.Backward(a.Told) {
		var names []string
		for _, w := range t.Who {
			names = append(names, plain(w.Name))
		}
		if t.Reached() && len(names) > 0 {
			return strings.Join(names, ", ")
		}
	}
	return ""
}

// factField is a computed fact as a field; a moment is shown in the reader's zone.
func factField(f agent.Fact) Field {
	if !f.At.IsZero() {
		return Field{plain(f.Name), dated(f.At)}
	}
	return Field{plain(f.Name), plain(f.Value)}
}

// alertCard is drawn from the row alone: what happened, since when, who was told,
// who is next, and who has it.
func alertCard(a agent.Alert) Card {
	c := Card{Title: plain(a.Title), Body: plain(a.Text), Buttons: alertButtons(a), Edition: a.Version}
	c.Status, c.Tone = alertStatus(a)
	c.Fields = append(c.Fields, Field{"Since", dated(a.Opened) + often(a.Count)})
	if a.Stack != "" || a.Environment != "" {
		c.Fields = append(c.Fields, Field{"Where", alertPlace(a)})
	}
	c.Fields = append(c.Fields, Field{"Severity", cmp.Or(plain(a.Severity), "not said")})
	for _, f := range a.Facts {
		c.Fields = append(c.Fields, factField(f))
	}
	c.Fields = append(c.Fields, toldFields(a)...)
	for _, d := range a.Attended {
		c.Fields = append(c.Fields, Field{plain(d.By.Name), deeds[d.Do] + " at " + clockFrom(a.Opened, d.At)})
	}
	c.Next = alertNext(a)
	c.Fallback = Moments(fmt.Sprintf("%s: %s. %s. %s", upper(c.Status), c.Title, strings.TrimRight(c.Body, "."), c.Next), nil)
	return c
}

var deeds = map[agent.Deed]string{
	agent.Acknowledge: "acknowledged it", agent.Take: "took it over", agent.Snooze: "snoozed it", agent.Resolve: "resolved it",
}

func often(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(", raised %d times", n)
}

func alertPlace(a agent.Alert) string {
	switch {
	case a.Stack == "":
		return plain(a.Environment)
	case a.Environment == "":
		return plain(a.Stack)
	}
	return plain(a.Stack) + " (" + plain(a.Environment) + ")"
}

// alertStatus is how far it is, in words that need no colour.
func alertStatus(a agent.Alert) (string, Tone) {
	switch by := plain(a.Owner.Name); a.State {
	case agent.Alerting:
		return "open, nobody has it", Bad
	case agent.Acknowledged:
		return by + " has it", Waiting
	case agent.Snoozed:
		return "snoozed by " + by + " until " + clockFrom(a.Opened, a.Until), Waiting
	case agent.Resolved:
		if goesOn(a) {
			return "ended by " + resolver(a) + ", the approval waits", Neutral
		}
		return "resolved", Good
	}
	return a.State.String(), Neutral
}

// toldFields say who was told when, one line a step.
func toldFields(a agent.Alert) (fields []Field) {
	for rung := range len(a.Rungs) + 1 {
		var all []string
		var at time.Time
		for _, t := range a.Told {
			if t.Rung == rung {
				all, at = append(all, toldOf(t)), t.At
			}
		}
		name := fmt.Sprintf("Step %d of %d", rung+1, len(a.Rungs))
		if rung == len(a.Rungs) {
			name = "At last"
		}
		if len(all) > 0 {
			fields = append(fields, Field{name, strings.Join(all, "; ") + " at " + clockFrom(a.Opened, at)})
		}
	}
	return fields
}

// toldOf is one address, and whom it meant.
func toldOf(t agent.Telling) string {
	text := addressed(t.To)
	if t.As != "" {
		text = plain(t.As)
	}
	var names []string
	for _, w := range t.Who {
		names = append(names, plain(w.Name))
	}
	if len(names) > 0 {
		text = strings.Join(names, ", ")
		if !strings.HasPrefix(t.To, "person:") {
			text += ", " + addressed(t.To)
		}
	}
	if !t.Reached() {
		text += ": not reached, " + plain(t.Why)
	}
	return text
}

// addressed is an address of a chain in words.
func addressed(to string) string {
	kind, name, _ := strings.Cut(plain(to), ":")
	switch kind {
	case "oncall":
		return "on call in " + name
	case "deputy":
		return "deputy in " + name
	case "person", "service":
		return name
	case "admins":
		return "administrators"
	}
	return plain(to)
}

func alertButtons(a agent.Alert) (all []Button) {
	button := func(label string, do agent.Deed, s Style) {
		all = append(all, Button{Label: label, Verb: string(do), Value: a.ID, Style: s})
	}
	if a.State == agent.Resolved || a.State == agent.NoAlert {
		return nil
	}
	if a.State != agent.Acknowledged {
		button("Acknowledge", agent.Acknowledge, Primary)
	}
	button("Take over", agent.Take, Plain)
	button("Snooze 1 h", agent.Snooze, Plain)
	button("Resolve", agent.Resolve, Plain)
	if !a.Ends.IsZero() {
		all = append(all, Button{Label: "Show the card", Verb: verbHeld, Value: a.ID, Opens: true})
	}
	return all
}
