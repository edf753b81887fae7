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

// Copies are the rooms that a card for approval is shown in besides its thread: those
// of the same stack on other platforms, so that who may approve need not be where
// somebody asked. They are of configuration alone.
func (in *Inbox) Copies(h agent.Hold) (rooms []string) {
	if in.Stacks == nil || h.Request.Action.Stack == "" {
		return nil
	}
	all := in.Stacks(h.Org)
	i := slices.IndexFunc(all, func(s Stack) bool { return s.Name == h.Request.Action.Stack })
	if i < 0 || !slices.Contains(all[i].Rooms, h.Thread.Room()) {
		return nil // what was asked elsewhere stays there
	}
	for _, room := range all[i].Rooms {
		if platform, _, ok := strings.Cut(room, ":"); ok && platform != h.Thread.Platform {
			rooms = append(rooms, room)
		}
	}
	return rooms
}

// Refs tells where the message of a key is; the outbox keeps it.
type Refs interface {
	Ref(ctx context.Context, org, key string) (r Ref, ok bool, err error)
}

// copyKey names the copy of a card in a room.
func copyKey(hold, room string) string { return hold + "@" + room }

// justPosted is how long a press waits for the outbox to note where it posted a copy:
// a client may be quicker than that.
const justPosted = 2 * time.Second

// moved takes a press on a copy for one in the card's own thread: there is one
// record. A press in any other thread is left where it is, and refused there.
func (in *Inbox) moved(ctx context.Context, c Click, hold string) (Click, error) {
	if in.Refs == nil || hold == "" {
		return c, nil
	}
	h, err := in.Control.Store.Held(ctx, c.Org, hold)
	switch room := c.Thread.Room(); {
	case errors.Is(err, agent.ErrNotFound):
		return c, nil
	case err != nil:
		return c, fmt.Errorf("read card: %w", err)
	case h.Approval == nil || h.Thread == c.Thread || !slices.Contains(in.Copies(h), room):
		return c, nil
	}
	for began := time.Now(); ; {
		r, ok, err := in.Refs.Ref(ctx, c.Org, copyKey(hold, c.Thread.Room()))
		switch {
		case err != nil:
			return c, fmt.Errorf("find copy: %w", err)
		case ok && r.Thread == c.Thread:
			c.Thread, c.copy = h.Thread, c.Thread.Room()
			return c, nil
		case ok || time.Since(began) > justPosted:
			return c, nil
		}
		select {
		case <-ctx.Done():
			return c, ctx.Err()
		case <-time.After(justPosted / 40):
		}
	}
}
