package bot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// reads tells whether policy lets somebody read about a stack in a room: it is
// spoken of there, and they may. What is about no stack is a right to read at all.
func (in *Inbox) reads(ctx context.Context, who rbac.Actor, r rbac.Request, room string) rbac.Decision {
	here := in.Room(ctx, r.Org, room)
	return in.Control.Gate.Decide(ctx, rbac.Request{
		Org: r.Org, Actor: who, Profile: cmp.Or(r.Profile, here.Profile), Channel: room, Tier: here.Tier, Label: rbac.Clean(),
		Action: rbac.Action{Tool: r.Action.Tool, Effect: rbac.Read, Stack: r.Action.Stack, Environment: r.Action.Environment},
	})
}

// room is where the person may read about a stack, the chat they look from first.
func (v view) room(ctx context.Context, s Stack) (room string, ok bool) {
	rooms := slices.Clone(s.Rooms)
	far := func(room string) int {
		if strings.HasPrefix(room, v.chat+":") {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(rooms, func(a, b string) int { return far(a) - far(b) })
	i := slices.IndexFunc(rooms, func(room string) bool { return v.scans(ctx, s, room) })
	if i < 0 {
		return "", false
	}
	return rooms[i], true
}

func (v view) scans(ctx context.Context, s Stack, room string) bool {
	r := rbac.Request{Org: v.org, Action: rbac.Action{Tool: "drift_scan", Stack: s.Name, Environment: s.Environment}}
	return v.reads(ctx, v.who, r, room).Outcome == rbac.Allow
}

// seen is what scans have told of one stack.
type seen struct {
	Stack
	drift  agent.Drift
	thread agent.Thread
}

// stacks are those that the person may read, what drifted first and the oldest
// drift before all.
func (v view) stacks(ctx context.Context) ([]Placed, error) {
	if v.Stacks == nil || v.Drifts == nil {
		return nil, nil
	}
	var all []seen
	for _, s := range v.Stacks(v.org) {
		room, ok := v.room(ctx, s)
		if !ok {
			continue
		}
		platform, channel, _ := strings.Cut(room, ":")
		d, err := v.Drifts.Drift(ctx, v.org, s.Name)
		if err != nil {
			return nil, fmt.Errorf("read drift: %w", err)
		}
		all = append(all, seen{s, d, agent.Thread{Platform: platform, Channel: channel, ID: "~scan/" + s.Name}})
	}
	slices.SortStableFunc(all, func(a, b seen) int {
		if len(a.drift.Findings) > 0 && len(b.drift.Findings) > 0 {
			return a.drift.Findings[0].Since.Compare(b.drift.Findings[0].Since)
		}
		return b.worries() - a.worries()
	})
	return v.placed(all), nil
}

// unseen weighs more than any number of findings.
const unseen = 1 << 20

// worries is how much a stack needs somebody: one that cannot be scanned, or with findings
// that nobody has accepted, before all others.
func (s seen) worries() int {
	if blind := s.drift.Blind(); len(blind) > 0 && blind[0] == "" {
		return unseen
	}
	return len(s.drift.Findings) - s.drift.Settled()
}

func (v view) placed(all []seen) (cards []Placed) {
	for _, s := range all[:min(len(all), mostPlaced)] {
		cards = append(cards, v.place(s.thread, s.card(v.now)))
	}
	if n := len(all) - mostPlaced; n > 0 {
		text := fmt.Sprintf("And %s more that you may read.", count(n, "stack"))
		cards = append(cards, Placed{Card: Card{Body: text, Fallback: text}})
	}
	return cards
}

func (s seen) card(now time.Time) Card {
	c := Card{
		Title: s.Name, Status: "no drift known", Tone: Good,
		Fields:  []Field{{"Where", s.Name + " (" + s.Environment + ")"}},
		Buttons: []Button{{Label: labelScan, Verb: verbScan, Value: s.Name}},
	}
	switch n := len(s.drift.Findings); {
	case s.worries() >= unseen:
		c.Status, c.Tone = "not scanned", Bad
	case n > 0 && s.drift.Settled() == n:
		c.Status, c.Tone = "drift, all of it accepted", Neutral
		c.Fields = append(c.Fields, Field{"Drifted since", clockFrom(now, s.drift.Findings[0].Since)})
	case n > 0:
		c.Status, c.Tone = count(s.worries(), "open finding"), Bad
		c.Fields = append(c.Fields, Field{"Drifted since", clockFrom(now, s.drift.Findings[0].Since)})
	case s.drift.Scanned.IsZero():
		c.Status, c.Tone = "not known", Neutral
	}
	last := "none on record"
	if !s.drift.Scanned.IsZero() {
		last = clockFrom(now, s.drift.Scanned)
	}
	c.Fields = append(c.Fields, Field{"Last scan", last})
	c.Fallback = s.Name + " (" + s.Environment + "): " + c.Status
	return c
}

// upcoming are the next scans of what the person may read.
func (v view) upcoming(ctx context.Context) []Placed {
	if v.Upcoming == nil || v.Stacks == nil {
		return nil
	}
	reads := map[string]bool{}
	for _, s := range v.Stacks(v.org) {
		_, reads[s.Name] = v.room(ctx, s)
	}
	all := slices.DeleteFunc(v.Upcoming(v.org, v.now), func(u Upcoming) bool { return !reads[u.Stack] })
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b Upcoming) int { return a.At.Compare(b.At) })
	c := Card{Title: "Next scans"}
	for _, u := range all {
		c.Fields = append(c.Fields, Field{plain(u.Name), u.Stack + " at " + clockFrom(v.now, u.At)})
	}
	c.Fields, c.Body = counted(c.Fields, mostPlaced)
	c.Fallback = c.Title + ": " + Moments(c.Fields[0].Value, nil)
	return []Placed{{Card: c}}
}
