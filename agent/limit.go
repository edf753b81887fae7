package agent

import (
	"context"
	"fmt"
	"time"

	"interlock/rbac"
)

// Limits are how much each person, each channel and the Org may ask for.
type Limits struct{ Person, Channel, Org Limit }

// Limit is a rate; 0 is no limit.
type Limit struct{ Runs, Tokens int }

// UseFilter says whose use is counted: of all that is set. Runs are those since
// Hour, tokens those since Day.
type UseFilter struct {
	Person    rbac.Subject
	Room      string // as Thread.Room
	Hour, Day time.Time
}

// Use is what was used: asks that were taken, and tokens as Usage.Fresh.
type Use struct{ Runs, Tokens int }

// Uses counts what people have used. An ask counts from its event on.
type Uses interface {
	Used(ctx context.Context, org string, f UseFilter) (Use, error)
}

// scope is one of those whose use is limited.
type scope struct {
	of    string
	limit Limit
	UseFilter
}

func (u *run) scopes() []scope {
	if u.Limits == nil || u.Uses == nil {
		return nil
	}
	l, room := u.Limits(u.s.Org), u.s.Thread.Room()
	return []scope{
		{line(u.actor.Name), l.Person, UseFilter{Person: u.actor.Subject()}},
		{"this channel", l.Channel, UseFilter{Room: room}},
		{"this organisation", l.Org, UseFilter{}},
	}
}

// crowded tells why no further request is taken now, if so.
func (u *run) crowded(ctx context.Context) (string, error) {
	for _, s := range u.scopes() {
		if s.limit.Runs == 0 {
			continue
		}
		s.Hour, s.Day = u.clock().Add(-time.Hour), u.clock()
		use, err := u.Uses.Used(ctx, u.s.Org, s.UseFilter)
		if err != nil {
			return "", fmt.Errorf("read use: %w", err)
		}
		if use.Runs >= s.limit.Runs {
			return fmt.Sprintf("%s has had %d requests in the last hour, and %d are allowed: try later, or ask an administrator to raise limits", s.of, use.Runs, s.limit.Runs), nil
		}
	}
	return "", nil
}

// thirsty tells why no model is asked any more today, if so.
func (u *run) thirsty(ctx context.Context) (string, error) {
	day := u.clock().Truncate(24 * time.Hour)
	for _, s := range u.scopes() {
		if s.limit.Tokens == 0 {
			continue
		}
		s.Hour, s.Day = u.clock(), day
		use, err := u.Uses.Used(ctx, u.s.Org, s.UseFilter)
		if err != nil {
			return "", fmt.Errorf("read use: %w", err)
		}
		if use.Tokens >= s.limit.Tokens {
			return fmt.Sprintf("%s has used %d tokens today, and %d are allowed; it begins anew at midnight (UTC), and an administrator can raise limits", s.of, use.Tokens, s.limit.Tokens), nil
		}
	}
	return "", nil
}
