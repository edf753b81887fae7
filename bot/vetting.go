package bot

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"interlock/rbac"
)

// How long a platform's word on a person counts: Fresh at any time, so that who lost
// their account loses every right within it; Stale for a request that is underway
// while the platform cannot be asked, so that an approved change does not fail for that.
const (
	Fresh = 10 * time.Minute
	Stale = time.Hour
)

// mostVetted is how many are kept in mind; the rest is asked anew.
const mostVetted = 20_000

// Profile is what a platform says of one of its accounts: its name, and why it is no
// full member, if it is none.
type Profile struct{ Name, Outsider string }

// Tell is who somebody is by this word. What was known against them stays.
func (p Profile) Tell(who rbac.Actor) rbac.Actor {
	who.Name = cmp.Or(p.Name, who.Name)
	who.Outsider = cmp.Or(who.Outsider, p.Outsider)
	return who
}

// Vetting asks a platform about people, once for all who wait, and keeps what it said
// of late, by tenant and id. It is safe for concurrent use.
type Vetting struct {
	Now func() time.Time // tests only: before anything is asked

	ask   func(ctx context.Context, who rbac.Actor) (Profile, error)
	limit time.Duration // of one question
	once  singleflight.Group

	mu  sync.Mutex
	all map[string]vetted
}

type vetted struct {
	Profile
	at time.Time
}

// NewVetting asks nothing yet.
func NewVetting(limit time.Duration, ask func(ctx context.Context, who rbac.Actor) (Profile, error)) *Vetting {
	return &Vetting{Now: time.Now, ask: ask, limit: limit, all: map[string]vetted{}}
}

func vettedKey(who rbac.Actor) string { return who.Tenant + "/" + who.ID }

func (v *Vetting) known(who rbac.Actor) (vetted, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	k, ok := v.all[vettedKey(who)]
	return k, ok
}

// Name is for display: what was last known, or nothing.
func (v *Vetting) Name(who rbac.Actor) string {
	k, _ := v.known(who)
	return k.Name
}

// Vouch is for somebody who decides: what the platform said longer ago than Fresh does
// not count.
func (v *Vetting) Vouch(ctx context.Context, who rbac.Actor) (Profile, error) {
	if k, ok := v.known(who); ok && v.Now().Sub(k.at) < Fresh {
		return k.Profile, nil
	}
	asked := v.once.DoChan(vettedKey(who), func() (any, error) { // for all who wait, whoever came first
		ctx, done := context.WithTimeout(context.WithoutCancel(ctx), v.limit)
		defer done()
		return v.learn(ctx, who)
	})
	select {
	case <-ctx.Done():
		return Profile{}, fmt.Errorf("look up person: %w", ctx.Err())
	case r := <-asked:
		if r.Err != nil {
			return Profile{}, r.Err
		}
		return r.Val.(Profile), nil
	}
}

func (v *Vetting) learn(ctx context.Context, who rbac.Actor) (Profile, error) {
	p, err := v.ask(ctx, who)
	if err != nil {
		return Profile{}, fmt.Errorf("look up person: %w", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.all) >= mostVetted {
		clear(v.all)
	}
	v.all[vettedKey(who)] = vetted{p, v.Now()}
	return p, nil
}

// Vet is Vouch, and what was said within Stale when the platform does not answer.
func (v *Vetting) Vet(ctx context.Context, who rbac.Actor) (Profile, error) {
	p, err := v.Vouch(ctx, who)
	if err != nil {
		if k, ok := v.known(who); ok && v.Now().Sub(k.at) <= Stale {
			return k.Profile, nil
		}
	}
	return p, err
}
