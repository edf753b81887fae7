package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

const (
	verbMute  = "mute"
	labelMute = "Mute this for a day"
)

// muteFor is how long one press mutes what is like a notice.
const muteFor = 24 * time.Hour

// Safe makes text from outside safe to read, and short enough to send.
func Safe(s string) string { return plain(s) }

// Mute is a wish not to be told for a while of what is like one delivery. It counts
// when the delivery went to this room, to this person, or to their direct room in
// place of whom they stand in for.
type Mute struct {
	Delivery, Room string
	By             rbac.Actor
	Until          time.Time
}

// Direct is the direct room of the one whose wish it is, where they pressed.
func (m Mute) Direct() string {
	by := m.By.Spoke()
	return by.Platform + ":@" + by.ID
}

// Muted is what a wish is about: all of a type, of a stack if it has one.
type Muted struct{ Type, Stack string }

// Mutes keeps wishes, and tells what they are about: nothing, when the delivery is of
// somebody else.
type Mutes interface {
	Mute(ctx context.Context, org string, m Mute) ([]Muted, error)
}

// toldCard is what the router has to tell: how urgent it is stands in words, too.
func toldCard(title, text string, t agent.Told) Card {
	c := Card{Title: plain(title), Tone: severityTone(t.Severity), Status: plain(t.Severity), Body: plain(text)}
	for _, l := range t.Lines {
		c.Body += "\n" + plain(l)
	}
	c.Body = strings.TrimPrefix(c.Body, "\n")
	for _, f := range t.Facts {
		c.Fields = append(c.Fields, factField(f))
	}
	if t.Stack != "" {
		c.Buttons = append(c.Buttons, Button{Label: labelScan, Verb: verbScan, Value: t.Stack})
	}
	if t.Delivery != "" {
		c.Buttons = append(c.Buttons, Button{Label: labelMute, Verb: verbMute, Value: t.Delivery})
	}
	c.Fallback = c.Title
	if c.Body != "" {
		c.Fallback += ": " + c.Body
	}
	return c
}

func severityTone(severity string) Tone {
	switch severity {
	case "urgent":
		return Bad
	case "action", "warning":
		return Waiting
	}
	return Neutral
}

// mute takes a wish from a card, and tells the thread of it.
func (in *Inbox) mute(ctx context.Context, c Click) (Reply, error) {
	who := in.who(ctx, c.Actor)
	act := rbac.Action{Tool: verbMute, Effect: rbac.Read}
	if d := in.reads(ctx, who, rbac.Request{Org: c.Org, Action: act}, c.room()); d.Outcome != rbac.Allow {
		return in.refusal(ctx, c, d.Why(), matter{verb: string(rbac.Do), act: act}), nil
	}
	if in.Mutes == nil {
		return said("Nothing can be muted here."), nil
	}
	until := time.Now().UTC().Add(muteFor)
	what, err := in.Mutes.Mute(ctx, c.Org, Mute{Delivery: c.Value, Room: c.room(), By: who, Until: until})
	switch {
	case err != nil:
		return Reply{}, fmt.Errorf("mute: %w", err)
	case len(what) == 0:
		return said("Refused: " + agent.NoSuch + "."), nil
	}
	text := fmt.Sprintf("%s is not told here, because %s muted it. What is urgent is told all the same.", in.named(c.Org, c.room(), what), who.Name)
	return said("Muted for a day."), in.Queue.Enqueue(ctx, agent.Job{
		ID: "mute/" + c.ID, Org: c.Org, Trace: c.ID, Thread: c.Thread, Actor: who, Title: "Muted", Notice: text,
		Told: &agent.Told{Severity: "info", Facts: []agent.Fact{agent.Moment("Until", until)}},
	})
}

// named is what is muted, in words: a stack by its name where it is spoken of.
func (in *Inbox) named(org, room string, all []Muted) string {
	var stacks []Stack
	if in.Stacks != nil {
		stacks = in.Stacks(org)
	}
	var names []string
	for _, m := range all {
		name := m.Type
		if slices.ContainsFunc(stacks, func(s Stack) bool { return s.Name == m.Stack && slices.Contains(s.Rooms, room) }) {
			name += " of " + m.Stack
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
