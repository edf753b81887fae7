package console

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"interlock/bot"
	"interlock/rbac"
)

// directMark begins the channel of one person: "@ID". Nobody else opens it.
const directMark = "@"

func isDirect(channel string) bool { return strings.HasPrefix(channel, directMark) }

// directRoom is the viewer's own.
func directRoom(v viewer) Channel {
	return Channel{ID: directMark + v.actor.ID, Title: "For you alone", Topic: "what Interlock tells you directly"}
}

// opens finds a channel that the viewer may look into: of those for one person, their
// own alone. Another one is not there.
func (p *Platform) opens(v viewer, id string) (Channel, bool) {
	if own := directRoom(v); v.actor.ID != "" && id == own.ID {
		return own, true
	}
	if isDirect(id) {
		return Channel{}, false
	}
	return p.channel(id)
}

// someone refuses for good to write to a person who is not there.
func (p *Platform) someone(ctx context.Context, channel string) error {
	if !isDirect(channel) {
		return nil
	}
	people, err := p.people(ctx)
	if err != nil {
		return &bot.PostError{Refused: true, Err: fmt.Errorf("read people: %w", err)}
	}
	if !slices.ContainsFunc(people, func(a rbac.Actor) bool { return directMark+a.ID == channel }) {
		return &bot.PostError{Refused: true, Permanent: true, Err: fmt.Errorf("user_not_found: nobody called %q signs in here", strings.TrimPrefix(channel, directMark))}
	}
	return nil
}
