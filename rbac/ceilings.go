package rbac

import (
	"context"
	"fmt"
	"time"
)

// Ceilings are those of the profile, the environment, the role and the channel.
// What nobody configured is at observe.
func (s *Snapshot) Ceilings(_ context.Context, r Request) ([]Ceiling, error) {
	if err := s.mine(r); err != nil {
		return nil, err
	}
	at := r.at()
	limits := []Ceiling{
		s.raised(Ceiling{Tier: s.Profiles[r.Profile].Tier, Of: "profile " + or(r.Profile, "(none)")}, "profile "+r.Profile, at),
		s.roleCeiling(s.Resolve(r.Actor), at),
		s.raised(Ceiling{Tier: s.Channels[r.Channel].Tier, Of: "channel " + s.title(r.Channel)}, "channel "+r.Channel, at),
	}
	for _, env := range s.environments(r.Action) {
		limits = append(limits, s.raised(Ceiling{Tier: s.Environments[env], Of: "environment " + env}, "environment "+env, at))
	}
	return limits, nil
}

// Room is the ceiling of a channel now.
func (s *Snapshot) Room(room string) Tier {
	return s.raised(Ceiling{Tier: s.Channels[room].Tier}, "channel "+room, time.Now()).Tier
}

// environments are the one that the action names and the one that its stack
// belongs to: a tool that names a milder one gains nothing.
func (o *orgPolicy) environments(a Action) (envs []string) {
	if a.Environment != "" {
		envs = append(envs, a.Environment)
	}
	if st, ok := o.Stacks[a.Stack]; ok && st.Environment != a.Environment {
		envs = append(envs, st.Environment)
	}
	return envs
}

// roleCeiling is the highest of a person's roles.
func (o *orgPolicy) roleCeiling(who Actor, at time.Time) Ceiling {
	if who.Platform == scheduled {
		return Ceiling{Tier: Observe, Of: "schedule " + who.ID}
	}
	c := Ceiling{Tier: Observe, Of: "somebody who is not known here"}
	p, ok := o.known(who)
	if !ok {
		return c
	}
	for _, role := range o.roles[who.ID] {
		if own := o.raised(Ceiling{Tier: roleTiers[role]}, ofRoleCeiling+role, at); own.Tier > c.Tier {
			c = own
		}
	}
	c.Of = "the role of " + p.Name
	return c
}

// ofRoleCeiling begins the name of a role's ceiling in a Raise.
const ofRoleCeiling = "role "

// raised lifts a ceiling by the highest raise that is in time. key is whose
// ceiling it is, as a Raise names it.
func (o *orgPolicy) raised(c Ceiling, key string, at time.Time) Ceiling {
	for _, r := range o.Raises {
		if r.Of == key && r.Tier > c.Tier && at.Before(r.Until) {
			c.Tier, c.Raised = r.Tier, fmt.Sprintf("raised to %s until %s: %s", r.Tier, r.Until.Format("2 January 2006 15:04 MST"), r.Because)
		}
	}
	return c
}
