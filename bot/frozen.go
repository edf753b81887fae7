package bot

import (
	"context"
	"fmt"
	"slices"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// Freezes is what holds live changes, and what is held. Frozen are also those that are
// over; Undecided are the holds that are open or approved, oldest first.
type Freezes interface {
	Frozen(ctx context.Context, org string) ([]rbac.Freeze, error)
	Undecided(ctx context.Context, org string) ([]agent.Hold, error)
}

// ice is which freezes go on, and which approved changes wait for their end: those of
// this channel, and how many of others.
type ice struct {
	freezes   []rbac.Freeze
	here      []agent.Hold
	elsewhere int
}

func (in *Inbox) ice(ctx context.Context, c Command) (f ice, err error) {
	if in.Freezes == nil {
		return f, nil
	}
	now := time.Now()
	all, err := in.Freezes.Frozen(ctx, c.Org)
	if err != nil {
		return f, fmt.Errorf("list freezes: %w", err)
	}
	f.freezes = slices.DeleteFunc(all, func(f rbac.Freeze) bool { return !f.Until.After(now) })
	holds, err := in.Freezes.Undecided(ctx, c.Org)
	if err != nil {
		return f, fmt.Errorf("list approvals: %w", err)
	}
	for _, h := range holds {
		switch {
		case !h.Thawing(now):
		case h.Thread.Room() == c.Thread.Room():
			f.here = append(f.here, h)
		default:
			f.elsewhere++
		}
	}
	return f, nil
}

func (f ice) held() string { return heldText(len(f.here), f.elsewhere) }

func (f ice) fields() []Field { return frozenFields(f.freezes, 0, f.held()) }

// line says it all in a few words; it is empty when nothing is frozen.
func (f ice) line() string {
	held := f.held()
	if held == "" && len(f.freezes) > 0 {
		return "frozen: " + frozenWhere(f.freezes[0].Env)
	}
	return held
}

// frozenFields say what is frozen, of which so many more are not listed, and what is held.
func frozenFields(all []rbac.Freeze, more int, held string) (fields []Field) {
	for _, f := range all[:min(len(all), mostNamed)] {
		fields = append(fields, Field{"Frozen", frozenText(f)})
	}
	if n := len(all) + more - mostNamed; n > 0 {
		fields = append(fields, Field{"Frozen too", count(n, "more freeze")})
	}
	if held != "" {
		fields = append(fields, Field{"Held back", held})
	}
	return fields
}

// heldText counts the approved changes that wait for a freeze, or is empty.
func heldText(here, elsewhere int) string {
	text := ""
	switch n := here + elsewhere; n {
	case 0:
		return ""
	case 1:
		text = "1 approved change waits for the end of a freeze"
	default:
		text = fmt.Sprintf("%d approved changes wait for the end of a freeze", n)
	}
	if elsewhere > 0 {
		text += fmt.Sprintf(" (%d in other channels)", elsewhere)
	}
	return text
}
