package console

import (
	"context"
	"crypto/rand"
	"errors"
	"time"
)

const (
	inviteLife    = 15 * time.Minute
	invitePurpose = "invitation"
)

var (
	errInvite = errors.New("make invitation: it needs a person, and the console's key of at least 32 bytes")
	errSpent  = errors.New("the link has been used")
)

// Once keeps what works once, for all processes that serve the console. An id that was
// used need not be kept after ends.
type Once interface {
	Spend(ctx context.Context, org, id string, ends time.Time) (first bool, err error)
	Spent(ctx context.Context, org, id string) (bool, error)
}

// Invite makes a link that signs in this person once, within 15 minutes of now, at the
// console that has this key, in whatever process it is served. Nothing is kept of it
// before it is used. The link is a path: the caller knows the address that people reach
// the console by.
func Invite(key []byte, person string, now time.Time) (path string, err error) {
	if person == "" || len(key) < shortestKey {
		return "", errInvite
	}
	in := session{ID: rand.Text(), Person: person, Ends: now.UTC().Add(inviteLife)}
	return "/join/" + signer(key).seal(invitePurpose, in), nil
}

// invited is what a code says while it can be used, for what is only shown: errSeal
// and errSpent mean that it cannot.
func (p *Platform) invited(ctx context.Context, code string) (in session, err error) {
	if in, err = p.signer().unseal(invitePurpose, code, p.now()); err != nil {
		return in, err
	}
	used, err := p.opt.Once.Spent(ctx, p.opt.Org, in.ID)
	if err == nil && used {
		err = errSpent
	}
	return in, err
}

// spend uses a code up.
func (p *Platform) spend(ctx context.Context, code string) (in session, err error) {
	if in, err = p.signer().unseal(invitePurpose, code, p.now()); err != nil {
		return in, err
	}
	first, err := p.opt.Once.Spend(ctx, p.opt.Org, in.ID, in.Ends)
	if err == nil && !first {
		err = errSpent
	}
	return in, err
}
