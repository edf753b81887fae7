package bot

import (
	"context"
	"fmt"
	"slices"

	"interlock/agent"
	"interlock/rbac"
)

// Threads tells of what was said to the bot in a thread: whether anything was,
// and by whom.
type Threads interface {
	Askers(ctx context.Context, org string, t agent.Thread) (known bool, who []rbac.Subject, err error)
}

// Follow tells whether the bot is in a thread already, and whether this very
// person asked it for something there: what they add is for the bot, too. What
// others say to each other is not, unless they name it: whoever asks for a change
// may not approve it.
func (in *Inbox) Follow(ctx context.Context, org string, t agent.Thread, who rbac.Actor) (known, asked bool, err error) {
	if in.Threads == nil {
		return false, false, nil
	}
	known, all, err := in.Threads.Askers(ctx, org, t)
	if err != nil {
		return false, false, fmt.Errorf("read thread: %w", err)
	}
	return known, slices.Contains(all, in.who(ctx, who).Subject()), nil
}
