package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"interlock/agent"
)

// attend settles a press on an alert. Whoever was told may press, where they were
// told: anywhere else there is no such card.
func (in *Inbox) attend(ctx context.Context, c Click) (Reply, error) {
	room, err := in.alertRoom(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	a, refused, err := in.Control.Attend(ctx, agent.AlertPress{
		ID: c.ID, Org: c.Org, Alert: c.Value, Thread: c.Thread, Room: room, Tier: in.Room(ctx, c.Org, c.Thread.Room()).Tier,
		By: in.who(ctx, c.Actor), Do: agent.Deed(c.Verb),
	})
	switch {
	case err != nil:
		return Reply{}, fmt.Errorf("settle: %w", err)
	case a.ID == "":
		return said("Refused: " + refused + "."), nil
	}
	card := alertIn(a, room)
	if refused != "" {
		return Reply{Private: "Nothing was changed: " + refused + ".", Card: &card}, nil
	}
	return Reply{Private: attended(a), Card: &card}, nil
}

// attended tells the one who pressed what the press did.
func attended(a agent.Alert) string {
	switch {
	case a.State == agent.Acknowledged && !a.Ends.IsZero():
		return "It is yours: nobody else is called. It decides nothing: the approval waits on its own card until " + clockFrom(a.Opened, a.Ends) + "."
	case a.State == agent.Acknowledged:
		return "It is yours: nobody else is called. Resolve it when it is over."
	case a.State == agent.Snoozed:
		return "Snoozed until " + clockFrom(a.Opened, a.Until) + ". " + snoozeEnds(a)
	case goesOn(a):
		return "You have ended this alert: nobody else is called. The approval itself still waits on its own card until " + clockFrom(a.Opened, a.Ends) + "."
	}
	return "Resolved: everybody who was told sees it."
}

// absent takes what is not there for nothing wrong.
func absent(err error) error {
	if errors.Is(err, agent.ErrNotFound) {
		return nil
	}
	return fmt.Errorf("read alert: %w", err)
}

func platform(room string) string {
	name, _, _ := strings.Cut(room, ":")
	return name
}

// alertRoom is the room of an alert whose card is in this very thread; empty is none.
// A client may be quicker than the outbox notes where it posted.
func (in *Inbox) alertRoom(ctx context.Context, c Click) (string, error) {
	if in.Refs == nil || in.Control.Escalation == nil {
		return "", nil
	}
	a, err := in.Control.Escalation.Alerts.Alert(ctx, c.Org, c.Value)
	if err != nil {
		return "", absent(err)
	}
	rooms := slices.DeleteFunc(a.Rooms(), func(room string) bool { return platform(room) != c.Thread.Platform })
	for began := time.Now(); ; {
		missing := false
		for _, room := range rooms {
			r, ok, err := in.Refs.Ref(ctx, c.Org, copyKey(alertKey(a.ID), room))
			if err != nil {
				return "", fmt.Errorf("find card: %w", err)
			}
			if ok && r.Thread == c.Thread {
				return room, nil
			}
			missing = missing || !ok
		}
		if !missing || time.Since(began) > justPosted {
			return "", nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(justPosted / 40):
		}
	}
}

// Lost has the next step of an alert's chain told, when a room was not reached. A
// card that was posted before and only cannot be redrawn is none of it. Of anything
// else that was meant to reach people by itself, the administrators hear.
func (in *Inbox) Lost(ctx context.Context, org string, row Row, why string) error {
	a := row.Event.Payload.Alert
	if a == nil && in.Unseen != nil && toReach(row) {
		return in.Unseen(ctx, org, row.at().Room(), why)
	}
	if a == nil || row.Room == "" || in.Refs == nil {
		return nil
	}
	if _, shown, err := in.Refs.Ref(ctx, org, copyKey(alertKey(a.ID), row.Room)); err != nil || shown && !a.Again(row.Room) {
		return err
	}
	return in.Queue.Enqueue(ctx, a.Lost(row.Room, why, row.Event.ID))
}

// toReach tells whether a row was to reach people who asked for nothing just now: a
// notice, a digest, a drift, or whatever begins a thread of the bot's own. That a
// notice was lost is not told in a circle.
func toReach(row Row) bool {
	ev := row.Event
	if t := ev.Payload.Told; t != nil && t.Type == notReached {
		return false
	}
	switch ev.Kind {
	case agent.KindNotice, agent.KindDigest, agent.KindFinding, agent.KindDrift:
		return true
	}
	return strings.HasPrefix(row.at().ID, "~")
}

// notReached is the type of what tells that something else was not told.
const notReached = "notify.failed"
