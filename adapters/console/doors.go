package console

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"sync"
	"time"

	"interlock/rbac"
)

// Limits of one-time links.
const (
	inviteLife  = 15 * time.Minute
	mostInvites = 64
)

var (
	errInvites = errors.New("there are too many open invitations; wait until some have been used or have expired")
	errNobody  = errors.New("an invitation needs a person")
)

type invite struct {
	person string
	ends   time.Time
}

// doors holds the one-time codes that sign people in, as hashes: whoever reads
// this memory cannot use them.
type doors struct {
	mu      sync.Mutex
	invites map[[sha256.Size]byte]invite
	first   [sha256.Size]byte
	create  func(ctx context.Context, name string) (rbac.Actor, error)
}

func newDoors() *doors { return &doors{invites: map[[sha256.Size]byte]invite{}} }

// Invite makes a link that signs in this person once within 15 minutes. The
// link is a path: the caller knows the address that people reach the console by.
func (p *Platform) Invite(person string) (url string, err error) {
	if person == "" {
		return "", errNobody
	}
	code := p.random()
	return "/join/" + code, p.doors.invite(code, invite{person, p.now().Add(inviteLife)}, p.now())
}

func (d *doors) invite(code string, in invite, now time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for h, in := range d.invites {
		if !now.Before(in.ends) {
			delete(d.invites, h)
		}
	}
	if len(d.invites) >= mostInvites {
		return errInvites
	}
	d.invites[sha256.Sum256([]byte(code))] = in
	return nil
}

// invited tells whom a code would sign in; use it up with spend.
func (d *doors) invited(code string, now time.Time) (person string, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	in, ok := d.invites[sha256.Sum256([]byte(code))]
	return in.person, ok && now.Before(in.ends)
}

func (d *doors) spend(code string, now time.Time) (person string, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := sha256.Sum256([]byte(code))
	in, ok := d.invites[h]
	delete(d.invites, h)
	return in.person, ok && now.Before(in.ends)
}

// FirstAdmin gives the one-time code that, typed on the sign-in page together
// with a name, makes the first admin by create. Calling it again replaces the
// code.
func (p *Platform) FirstAdmin(create func(ctx context.Context, name string) (rbac.Actor, error)) (code string) {
	code = p.random()
	p.doors.mu.Lock()
	defer p.doors.mu.Unlock()
	p.doors.first, p.doors.create = sha256.Sum256([]byte(code)), create
	return code
}

// awaitsFirst tells whether nobody has used the first code.
func (d *doors) awaitsFirst() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.create != nil
}

// enter uses the first code. A failing create leaves it usable; two at once
// wait for one another, and only one enters.
func (d *doors) enter(ctx context.Context, code, name string) (a rbac.Actor, ok bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := sha256.Sum256([]byte(code))
	if d.create == nil || subtle.ConstantTimeCompare(h[:], d.first[:]) != 1 {
		return a, false, nil
	}
	if a, err = d.create(ctx, name); err == nil {
		d.create, d.first = nil, [sha256.Size]byte{}
	}
	return a, err == nil, err
}
