package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"interlock/rbac"
)

// AllEnvironments is what a freeze names to hold everything.
const AllEnvironments = "all"

// FreezePress orders a freeze. Env is an environment or AllEnvironments.
type FreezePress struct {
	ID, Org string
	Thread  Thread
	By      rbac.Actor
	Tier    rbac.Tier // of the channel
	Env     string
	Until   time.Time
	Reason  string
}

// ThawPress ends the freezes of Env.
type ThawPress struct {
	ID, Org string
	Thread  Thread
	By      rbac.Actor
	Tier    rbac.Tier
	Env     string
	Reason  string
}

// Freeze holds every live change of an environment from the next decision on.
// Cards that wait say so; approved calls wait for the end of it. When the order
// had no effect, refused says why.
func (c *Control) Freeze(ctx context.Context, p FreezePress) (refused string, err error) {
	if why := c.unfreezable(ctx, Press{ID: p.ID, Org: p.Org, Thread: p.Thread, By: p.By, Tier: p.Tier}, "freeze", p.Env); why != "" {
		return why, nil
	}
	if !p.Until.After(c.clock()) {
		return "its end has passed: name a time to come", nil
	}
	f := rbac.Freeze{ID: p.ID, Env: p.Env, Until: p.Until.UTC(), Reason: line(p.Reason), By: p.By.Name, At: c.clock()}
	if err := c.Freezes.Freeze(ctx, p.Org, f); err != nil {
		return "", fmt.Errorf("freeze %s: %w", p.Env, err)
	}
	text := fmt.Sprintf("%s froze %s until %s: %s. Live changes wait; approvals are still taken. An approver can thaw it.",
		line(p.By.Name), frozenName(p.Env), f.Until.Format("2 January 15:04 MST"), f.Reason)
	if err := c.announce(ctx, p.ID, p.Org, p.Thread, p.Env, "Frozen", text); err != nil {
		return "", err
	}
	return "", c.mark(ctx, p.ID, p.Org, p.By, p.Env)
}

// Thaw ends the freezes of an environment; approved calls go on at once.
func (c *Control) Thaw(ctx context.Context, p ThawPress) (refused string, err error) {
	if why := c.unfreezable(ctx, Press{ID: p.ID, Org: p.Org, Thread: p.Thread, By: p.By, Tier: p.Tier}, "thaw", p.Env); why != "" {
		return why, nil
	}
	ended, err := c.Freezes.Thaw(ctx, p.Org, p.Env, p.By, c.clock())
	if err == nil && len(ended) == 0 {
		ended, err = c.halfThawed(ctx, p)
	}
	if err != nil {
		return "", fmt.Errorf("thaw %s: %w", p.Env, err)
	}
	if len(ended) == 0 {
		if p.Env == AllEnvironments {
			return "there is no freeze of every environment", nil
		}
		return p.Env + " is not frozen", nil
	}
	text := fmt.Sprintf("%s thawed %s, which was frozen %s.", line(p.By.Name), frozenName(p.Env), froze(ended))
	if p.Reason != "" {
		text += " Reason: " + line(p.Reason) + "."
	}
	if err := c.announce(ctx, p.ID, p.Org, p.Thread, p.Env, "Thawed", text+" Approved calls go on now."); err != nil {
		return "", err
	}
	return "", c.mark(ctx, p.ID, p.Org, p.By, p.Env)
}

// halfThawed are the freezes of an environment that some card still waits for, although
// none goes on: the process that ended them died before it could tell anybody.
func (c *Control) halfThawed(ctx context.Context, p ThawPress) (ended []rbac.Freeze, err error) {
	all, err := c.Freezes.Undecided(ctx, p.Org)
	if err != nil {
		return nil, fmt.Errorf("list cards: %w", err)
	}
	for _, h := range all {
		f := h.Frozen
		if f == nil || f.Env != p.Env || !f.Until.After(c.clock()) { // one whose time is over ended by itself
			continue
		}
		if !slices.ContainsFunc(ended, func(e rbac.Freeze) bool { return e.ID == f.ID }) {
			ended = append(ended, *f)
		}
	}
	return ended, nil
}

// unfreezable tells why this person may not freeze or thaw this environment.
func (c *Control) unfreezable(ctx context.Context, p Press, verb, env string) string {
	if c.Freezes == nil || c.Environments == nil {
		return "nothing can be frozen here"
	}
	known := c.Environments(p.Org)
	if env != AllEnvironments && !slices.Contains(known, env) {
		return fmt.Sprintf("there is no environment %s; known: %s", env, strings.Join(known, ", "))
	}
	a := rbac.Action{Tool: verb, Effect: rbac.Read}
	if env != AllEnvironments {
		a.Environment = env
	}
	d := c.Gate.Decide(ctx, rbac.Request{Org: p.Org, Actor: p.By, Channel: p.Thread.Room(), Tier: p.Tier, Action: a, Label: rbac.Clean()})
	if d.Outcome != rbac.Allow {
		return d.Why()
	}
	return ""
}

// announce tells the thread, and every room whose changes are held.
func (c *Control) announce(ctx context.Context, id, org string, t Thread, env, title, text string) error {
	b := Batch{Jobs: []Job{{ID: id + "/told", Org: org, Trace: id, Thread: t, Title: title, Notice: text}}}
	if c.Rooms != nil {
		a := rbac.Action{Environment: env}
		for _, room := range c.Rooms(org, a) {
			if room.Room() == t.Room() {
				continue
			}
			room.ID = "~freeze/" + id
			b.Jobs = append(b.Jobs, Job{ID: id + "/told/" + room.Room(), Org: org, Trace: id, Thread: room, Title: title, Notice: text})
		}
	}
	if err := c.Store.Append(ctx, org, b); err != nil {
		return fmt.Errorf("announce %s: %w", title, err)
	}
	return nil
}

// mark writes onto every undecided card of the environment that it is frozen, or
// is so no more; then an approved call goes on.
func (c *Control) mark(ctx context.Context, id, org string, by rbac.Actor, env string) error {
	all, err := c.Freezes.Undecided(ctx, org)
	if err != nil {
		return fmt.Errorf("list cards: %w", err)
	}
	for _, h := range all {
		if h.Approval == nil || !covers(env, h.Request.Action) {
			continue
		}
		if err := c.markOne(ctx, id, org, h.ID, by); err != nil {
			return err
		}
	}
	return nil
}

// markOne asks policy anew, because another freeze may go on. Whoever loses a
// race is judged again on what the winner wrote.
func (c *Control) markOne(ctx context.Context, id, org, hold string, by rbac.Actor) error {
	for {
		h, err := c.Store.Held(ctx, org, hold)
		if err != nil || !h.Pending() {
			return err
		}
		s, err := c.Store.Load(ctx, org, h.Session)
		if err != nil {
			return fmt.Errorf("read session: %w", err)
		}
		h.Frozen = c.Gate.Decide(ctx, h.Request).Frozen
		ev := c.event(s, Press{ID: id, By: by}, KindFrozen, Payload{Hold: &h})
		b := Batch{Hold: &h, Events: []Event{ev}}
		if h.State == Approved {
			b.Jobs = []Job{h.wake(id+"/"+h.ID, time.Time{})}
		}
		if err := c.Store.Append(ctx, org, b); !errors.Is(err, ErrRaced) {
			return err
		}
	}
}

// wake is a job that looks at the hold anew.
func (h *Hold) wake(id string, after time.Time) Job {
	return Job{ID: id, Org: h.Org, Trace: h.Trace, Thread: h.Thread, Profile: h.Request.Profile, After: after, Hold: h.ID}
}

// thawing rests an approved call until its freeze is over, or the card is.
func (u *run) thawing(ctx context.Context, h Hold, f *rbac.Freeze) error {
	at := f.Until
	if h.Expires.Before(at) {
		at = h.Expires
	}
	h.Frozen = f
	return u.commit(ctx, Batch{Hold: &h, Jobs: []Job{h.wake(h.ID+"/thaw/"+f.ID, at)}}, u.event(KindFrozen, Payload{Call: &h.Call, Hold: &h}))
}

// froze says who ordered each of some freezes, and why.
func froze(all []rbac.Freeze) string {
	var parts []string
	for _, f := range all {
		parts = append(parts, "by "+line(f.By)+": "+f.Reason)
	}
	return strings.Join(parts, "; and ")
}

func covers(env string, a rbac.Action) bool { return env == AllEnvironments || env == a.Environment }

func frozenName(env string) string {
	if env == AllEnvironments {
		return "every environment"
	}
	return env
}
